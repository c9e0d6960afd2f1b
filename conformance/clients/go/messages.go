package main

import (
	"context"
	"strings"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/messaging/v2/claims"
	"github.com/gophercloud/gophercloud/v2/openstack/messaging/v2/messages"
	"github.com/gophercloud/gophercloud/v2/pagination"
)

// post posts messages with the bodies {"n": 0}, {"n": 1} and so on, and returns their ids.
func post(ctx context.Context, service *gophercloud.ServiceClient, count int) []string {
	var batch messages.BatchCreateOpts
	for n := range count {
		batch = append(batch, messages.CreateOpts{TTL: 300, Body: map[string]any{"n": n}})
	}
	posted, err := messages.Create(ctx, service, queue, batch).Extract()
	must(err)
	var ids []string
	for _, href := range posted.Resources {
		ids = append(ids, last(href))
	}
	return ids
}

func last(href string) string {
	path, _, _ := strings.Cut(href, "?")
	return path[strings.LastIndex(path, "/")+1:]
}

func numbers(ctx context.Context, service *gophercloud.ServiceClient, opts messages.ListOpts) []float64 {
	var found []float64
	must(messages.List(service, queue, opts).EachPage(ctx, func(_ context.Context, page pagination.Page) (bool, error) {
		all, err := messages.ExtractMessages(page)
		must(err)
		for _, each := range all {
			require(each.TTL == 300 && each.ID == last(each.Href), "%v", each)
			found = append(found, each.Body["n"].(float64))
		}
		return true, nil
	}))
	return found
}

func listMessages(ctx context.Context, service *gophercloud.ServiceClient) {
	post(ctx, service, 5)
	found := numbers(ctx, service, messages.ListOpts{Limit: 2, Echo: true, IncludeClaimed: true, IncludeDelayed: true})
	require(len(found) == 5 && found[0] == 0 && found[4] == 4, "%v", found)
	require(len(numbers(ctx, service, messages.ListOpts{Limit: 2})) == 0, "a client sees its own messages")
}

func createMessages(ctx context.Context, service *gophercloud.ServiceClient) {
	require(len(post(ctx, service, 3)) == 3, "every message has an id")
}

func getMessage(ctx context.Context, service *gophercloud.ServiceClient) {
	ids := post(ctx, service, 2)
	found, err := messages.Get(ctx, service, queue, ids[1]).Extract()
	must(err)
	require(found.Body["n"] == 1.0 && found.TTL == 300 && found.ID == ids[1], "%v", found)
}

func getMessages(ctx context.Context, service *gophercloud.ServiceClient) {
	ids := post(ctx, service, 3)
	found, err := messages.GetMessages(ctx, service, queue, messages.GetMessagesOpts{IDs: ids[:2]}).Extract()
	must(err)
	require(len(found) == 2, "%v", found)
}

func deleteMessage(ctx context.Context, service *gophercloud.ServiceClient) {
	ids := post(ctx, service, 1)
	claim := onlyClaim(ctx, service)
	refused := messages.Delete(ctx, service, queue, ids[0], nil).ExtractErr()
	require(gophercloud.ResponseCodeIs(refused, 403), "%v", refused)
	must(messages.Delete(ctx, service, queue, ids[0], messages.DeleteOpts{ClaimID: claim}).ExtractErr())
}

func deleteMessages(ctx context.Context, service *gophercloud.ServiceClient) {
	ids := post(ctx, service, 3)
	must(messages.DeleteMessages(ctx, service, queue, messages.DeleteMessagesOpts{IDs: ids[:2]}).ExtractErr())
	found := numbers(ctx, service, messages.ListOpts{Echo: true})
	require(len(found) == 1 && found[0] == 2, "%v", found)
}

func popMessages(ctx context.Context, service *gophercloud.ServiceClient) {
	post(ctx, service, 3)
	popped, err := messages.PopMessages(ctx, service, queue, messages.PopMessagesOpts{Pop: 2}).Extract()
	must(err)
	require(len(popped) == 2 && popped[0].Body["n"] == 0.0, "%v", popped)
}

// onlyClaim claims everything and returns the id of the claim.
func onlyClaim(ctx context.Context, service *gophercloud.ServiceClient) string {
	claimed, err := claims.Create(ctx, service, queue, claims.CreateOpts{TTL: 60, Grace: 60}).Extract()
	must(err)
	require(len(claimed) > 0, "nothing was claimed")
	_, claim, _ := strings.Cut(claimed[0].Href, "claim_id=")
	return claim
}

func createClaim(ctx context.Context, service *gophercloud.ServiceClient) {
	post(ctx, service, 3)
	claimed, err := claims.Create(ctx, service, queue, claims.CreateOpts{TTL: 60, Grace: 60, Limit: 2}).Extract()
	must(err)
	require(len(claimed) == 2 && claimed[0].Body["n"] == 0.0, "%v", claimed)
	onlyClaim(ctx, service)
	nothing := claims.Create(ctx, service, queue, claims.CreateOpts{TTL: 60, Grace: 60})
	must(nothing.Err)
}

func getClaim(ctx context.Context, service *gophercloud.ServiceClient) {
	post(ctx, service, 2)
	claim := onlyClaim(ctx, service)
	found, err := claims.Get(ctx, service, queue, claim).Extract()
	must(err)
	require(found.TTL == 60 && len(found.Messages) == 2 && last(found.Href) == claim, "%v", found)
}

func updateClaim(ctx context.Context, service *gophercloud.ServiceClient) {
	post(ctx, service, 1)
	claim := onlyClaim(ctx, service)
	must(claims.Update(ctx, service, queue, claim, claims.UpdateOpts{TTL: 600, Grace: 70}).ExtractErr())
	found, err := claims.Get(ctx, service, queue, claim).Extract()
	must(err)
	require(found.TTL == 600, "%v", found)
}

func deleteClaim(ctx context.Context, service *gophercloud.ServiceClient) {
	post(ctx, service, 1)
	claim := onlyClaim(ctx, service)
	must(claims.Delete(ctx, service, queue, claim).ExtractErr())
	require(gophercloud.ResponseCodeIs(claims.Get(ctx, service, queue, claim).Err, 404), "the claim is still there")
}
