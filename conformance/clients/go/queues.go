package main

import (
	"context"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/messaging/v2/queues"
	"github.com/gophercloud/gophercloud/v2/pagination"
)

const queue = "jobs"

func makeQueue(ctx context.Context, service *gophercloud.ServiceClient, name string) {
	must(queues.Create(ctx, service, queues.CreateOpts{QueueName: name, DefaultMessageTTL: 600}).ExtractErr())
}

func listQueues(ctx context.Context, service *gophercloud.ServiceClient) {
	for _, name := range []string{"a", "b", "c"} {
		makeQueue(ctx, service, name)
	}
	var names []string
	opts := queues.ListOpts{Limit: 2, Detailed: true, WithCount: true}
	pager := queues.List(service, opts)
	must(pager.EachPage(ctx, func(_ context.Context, page pagination.Page) (bool, error) {
		count, err := page.(queues.QueuePage).GetCount()
		must(err)
		require(count == 3, "count %d", count)
		found, err := queues.ExtractQueues(page)
		must(err)
		for _, each := range found {
			names = append(names, each.Name)
			require(each.Metadata.DefaultMessageTTL == 600, "metadata %v", each.Metadata)
			require(each.Href == "/v2/queues/"+each.Name, "href %s", each.Href)
		}
		return true, nil
	}))
	require(len(names) == 3 && names[0] == "a" && names[2] == "c", "names %v", names)
}

func createQueue(ctx context.Context, service *gophercloud.ServiceClient) {
	yes := false
	opts := queues.CreateOpts{
		QueueName: queue, DefaultMessageTTL: 600, DeadLetterQueue: "dead", DeadLetterQueueMessagesTTL: 700,
		DefaultMessageDelay: 10, MaxClaimCount: 5, MaxMessagesPostSize: 1000, EnableEncryptMessages: &yes,
		Extra: map[string]any{"description": "work"},
	}
	must(queues.Create(ctx, service, opts).ExtractErr())
	must(queues.Create(ctx, service, opts).ExtractErr())
	found, err := queues.Get(ctx, service, queue).Extract()
	must(err)
	require(found.DeadLetterQueue == "dead" && found.MaxClaimCount == 5, "%v", found)
	require(found.DefaultMessageDelay == 10 && found.Extra["description"] == "work", "%v", found)
}

func updateQueue(ctx context.Context, service *gophercloud.ServiceClient) {
	makeQueue(ctx, service, queue)
	found, err := queues.Update(ctx, service, queue, queues.BatchUpdateOpts{
		{Op: queues.ReplaceOp, Path: "/metadata/_default_message_ttl", Value: 900},
		{Op: queues.AddOp, Path: "/metadata/color", Value: "red"},
	}).Extract()
	must(err)
	require(found.DefaultMessageTTL == 900 && found.Extra["color"] == "red", "%v", found)
}

func getQueue(ctx context.Context, service *gophercloud.ServiceClient) {
	found, err := queues.Get(ctx, service, "never_created").Extract()
	must(err)
	require(found.DefaultMessageTTL == 3600 && found.MaxMessagesPostSize == 262144, "%v", found)
}

func deleteQueue(ctx context.Context, service *gophercloud.ServiceClient) {
	makeQueue(ctx, service, queue)
	must(queues.Delete(ctx, service, queue).ExtractErr())
	must(queues.Delete(ctx, service, queue).ExtractErr())
}

func queueStats(ctx context.Context, service *gophercloud.ServiceClient) {
	post(ctx, service, 2)
	stats, err := queues.GetStats(ctx, service, queue).Extract()
	must(err)
	require(stats.Total == 2 && stats.Free == 2 && stats.Claimed == 0, "%v", stats)
}

func shareQueue(ctx context.Context, service *gophercloud.ServiceClient) {
	shared, err := queues.Share(ctx, service, queue, queues.ShareOpts{
		Paths:   []queues.SharePath{queues.PathMessages, queues.PathClaims},
		Methods: []queues.ShareMethod{queues.MethodGet, queues.MethodPost},
	}).Extract()
	must(err)
	require(len(shared.Signature) == 64 && len(shared.Paths) == 2 && shared.Expires != "", "%v", shared)
}

func purgeQueue(ctx context.Context, service *gophercloud.ServiceClient) {
	post(ctx, service, 2)
	opts := queues.PurgeOpts{ResourceTypes: []queues.PurgeResource{queues.ResourceMessages, queues.ResourceSubscriptions}}
	must(queues.Purge(ctx, service, queue, opts).ExtractErr())
	stats, err := queues.GetStats(ctx, service, queue).Extract()
	must(err)
	require(stats.Total == 0, "%v", stats)
}
