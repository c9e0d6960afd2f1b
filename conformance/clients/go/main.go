// Runs one trial of gophercloud against a service: `gophercloud-trials NAME`. The environment says where to log in, and as whom.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
)

// trial does one thing with a service of its own project, and panics if it gets something else than it needs.
type trial func(ctx context.Context, service *gophercloud.ServiceClient)

var trials = map[string]trial{
	"queues.List":             listQueues,
	"queues.Create":           createQueue,
	"queues.Update":           updateQueue,
	"queues.Get":              getQueue,
	"queues.Delete":           deleteQueue,
	"queues.GetStats":         queueStats,
	"queues.Share":            shareQueue,
	"queues.Purge":            purgeQueue,
	"messages.List":           listMessages,
	"messages.Create":         createMessages,
	"messages.Get":            getMessage,
	"messages.GetMessages":    getMessages,
	"messages.Delete":         deleteMessage,
	"messages.DeleteMessages": deleteMessages,
	"messages.PopMessages":    popMessages,
	"claims.Create":           createClaim,
	"claims.Get":              getClaim,
	"claims.Update":           updateClaim,
	"claims.Delete":           deleteClaim,
}

func main() {
	run, known := trials[os.Args[1]]
	require(known, "there is no trial %q", os.Args[1])
	ctx := context.Background()
	run(ctx, logIn(ctx))
}

func logIn(ctx context.Context) *gophercloud.ServiceClient {
	provider, err := openstack.AuthenticatedClient(ctx, gophercloud.AuthOptions{
		IdentityEndpoint: os.Getenv("OS_AUTH_URL"),
		Username:         os.Getenv("OS_USERNAME"),
		Password:         os.Getenv("OS_PASSWORD"),
		DomainID:         os.Getenv("OS_USER_DOMAIN_ID"),
		Scope:            &gophercloud.AuthScope{ProjectID: os.Getenv("OS_PROJECT_ID")},
	})
	must(err)
	service, err := openstack.NewMessagingV2(provider, os.Getenv("OS_MESSAGE_CLIENT_ID"), gophercloud.EndpointOpts{})
	must(err)
	return service
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func require(holds bool, format string, args ...any) {
	if !holds {
		panic(fmt.Sprintf(format, args...))
	}
}
