"""The methods of python-zaqarclient, over HTTP, with both ways to say who asks."""

import os
import uuid

from trials import trial

CLIENT = "zaqarclient"
SUBSCRIBER = "http://127.0.0.1:9/hook"


def client(**conf):
    """A client that says its project itself, as with a service without authentication."""
    from zaqarclient.queues import client

    conf["auth_opts"] = {"backend": "noauth", "options": {"os_project_id": os.environ["OS_PROJECT_ID"]}}
    return client.Client(os.environ["SERVICE_URL"], version=2, conf=conf)


def operator():
    """A client that logs in and finds the service in the catalogue."""
    from zaqarclient.queues import client

    names = ["auth_url", "username", "password", "project_id", "user_domain_id"]
    options = {f"os_{name}": os.environ[f"OS_{name.upper()}"] for name in names}
    return client.Client(version=2, conf={"auth_opts": {"backend": "keystone", "options": options}})


def method(name, *operations):
    return trial(CLIENT, name, *operations)


def queue_with(*bodies):
    queue = client().queue("jobs", force_create=True)
    if bodies:
        queue.post([{"body": body, "ttl": 300} for body in bodies])
    return queue


def bodies(messages):
    return [message.body for message in messages]


def raises(kind, function, *args, **named):
    """Calls what must fail, and returns the error."""
    try:
        function(*args, **named)
    except kind as error:
        return error
    raise AssertionError(f"{function} does not raise {kind.__name__}")


@method("client.queue", "queue_create", "queue_list")
def make_queue():
    queue = client().queue("jobs")
    assert queue.name == "jobs" and list(client().queues()[0]) == []
    client().queue("jobs", force_create=True)
    client().queue("jobs", force_create=True)
    assert [queue.name for queue in client().queues()[0]] == ["jobs"]


@method("client.queues", "queue_create", "queue_list")
def queues():
    for name in "abc":
        client().queue(name, force_create=True)
    found, count = client().queues(limit=2, detailed=True, with_count=True)
    first = list(found)
    assert [queue.name for queue in first] == ["a", "b"] and count == 3
    assert first[0].href == "/v2/queues/a" and first[0].metadata_dict is not None


@method("client.queues, all pages", "queue_create", "queue_list")
def queues_of_all_pages():
    for name in "abcde":
        client().queue(name, force_create=True)
    found, _ = client().queues(limit=2)
    assert [queue.name for queue in found.stream()] == list("abcde")


@method("client.follow", "queue_create", "queue_get", "message_post", "message_get")
def follow():
    queue = queue_with()
    posted = queue.post([{"body": "x"}])
    message = client().follow(posted["resources"][0])
    assert message["body"] == "x", message


@method("client.ping", "ping")
def ping():
    assert client().ping() is True


@method("client.health", "health")
def health():
    assert operator().health()["storage_reachable"] is True


@method("client.homedoc", "home")
def homedoc():
    assert "rel/queues" in client().homedoc()["resources"]


@method("queue.exists", "queue_create")
def exists():
    assert queue_with().exists() is True
    assert client().queue("another").exists() is True, "what HEAD answers is no error for this client"


@method("queue.metadata", "queue_create", "queue_get", "queue_update")
def metadata():
    queue = queue_with()
    assert queue.metadata()["_default_message_ttl"] == 3600
    queue.metadata({"color": "red", "_max_messages_post_size": 1000})
    found = queue.metadata(force_reload=True)
    assert (found["color"], found["_max_messages_post_size"]) == ("red", 1000), found
    queue.metadata({"color": "green"})
    found = queue.metadata(force_reload=True)
    assert (found["color"], found["_max_messages_post_size"]) == ("green", 262144), found
    queue.metadata({})
    assert "color" not in queue.metadata(force_reload=True)


@method("queue.metadata of a queue that was never created", "queue_get", "queue_update")
def metadata_of_no_queue():
    from zaqarclient.transport import errors

    queue = client().queue("never_created")
    assert queue.metadata()["_default_message_delay"] == 0
    raises(errors.ResourceNotFound, queue.metadata, {"color": "red"})


@method("queue.stats", "queue_create", "message_post", "queue_get_stats")
def stats():
    found = queue_with("x", "y").stats["messages"]
    assert (found["total"], found["free"], found["claimed"]) == (2, 2, 0), found
    assert found["oldest"]["href"].startswith("/v2/queues/jobs/messages/"), found


@method("queue.delete", "queue_create", "queue_delete", "queue_list")
def delete_queue():
    queue = queue_with("x")
    queue.delete()
    queue.delete()
    assert list(client().queues()[0]) == []


@method("queue.purge", "queue_create", "message_post", "queue_purge", "message_list")
def purge():
    queue = queue_with("x")
    queue.purge(resource_types=["subscriptions"])
    assert len(list(queue.messages(echo=True))) == 1
    queue.purge()
    assert list(queue.messages(echo=True)) == []


@method("queue.post", "message_post", "message_list")
def post():
    queue = client().queue("jobs")
    posted = queue.post({"body": {"job": [1, None, "ü"]}, "ttl": 60})
    assert posted["resources"][0].startswith("/v2/queues/jobs/messages/"), posted
    queue.post([{"body": "two"}, {"body": 3}])
    found = list(queue.messages(echo=True))
    assert bodies(found) == [{"job": [1, None, "ü"]}, "two", 3]
    assert [message.ttl for message in found] == [60, 3600, 3600]


@method("queue.post, refused", "message_post")
def post_refused():
    from zaqarclient.transport import errors

    queue = client().queue("jobs")
    error = raises(errors.MalformedRequest, queue.post, [{"body": "x", "ttl": 1}])
    assert "TTL" in str(error), error
    raises(errors.MalformedRequest, queue.post, [])
    raises(errors.MalformedRequest, queue.post, [{"body": "x" * 262144}])


@method("queue.message", "message_post", "message_get")
def message():
    from zaqarclient.transport import errors

    queue = queue_with("x")
    posted = queue.post({"body": "y"})["resources"][0].split("/")[-1]
    found = queue.message(posted)
    assert (found.id, found.body, found.claim_id) == (posted, "y", None)
    raises(errors.ResourceNotFound, queue.message, str(uuid.uuid4()))


@method("queue.messages", "message_post", "message_list")
def messages():
    queue = queue_with("x", "y", "z")
    assert bodies(queue.messages(echo=True, limit=2)) == ["x", "y"]
    assert bodies(queue.messages(echo=False)) == [], "a client does not see what it posted"
    assert bodies(client().queue("jobs").messages()) == ["x", "y", "z"]


@method("queue.messages, all pages", "message_post", "message_list")
def messages_of_all_pages():
    queue = queue_with("x", "y", "z", "w", "v")
    assert bodies(queue.messages(echo=True, limit=2).stream()) == ["x", "y", "z", "w", "v"]


@method("queue.messages, by id", "message_post", "message_get_many")
def messages_by_id():
    queue = queue_with()
    posted = queue.post([{"body": "x"}, {"body": "y"}, {"body": "z"}])["resources"]
    ids = [href.split("/")[-1] for href in posted]
    assert sorted(bodies(queue.messages(ids[0], ids[2]))) == ["x", "z"]


@method("queue.delete_messages", "message_post", "message_delete_many", "message_list")
def delete_messages():
    queue = queue_with()
    posted = queue.post([{"body": "x"}, {"body": "y"}, {"body": "z"}])["resources"]
    ids = [href.split("/")[-1] for href in posted]
    queue.delete_messages(*ids[:2])
    assert bodies(queue.messages(echo=True)) == ["z"]


@method("queue.pop", "message_post", "message_pop", "message_list")
def pop():
    queue = queue_with("x", "y", "z")
    assert bodies(queue.pop()) == ["x"]
    assert bodies(queue.pop(count=2)) == ["y", "z"]
    assert bodies(queue.pop()) == []


@method("message.delete", "message_post", "message_list", "message_delete", "claim_create")
def delete_message():
    from zaqarclient.transport import errors

    queue = queue_with("x", "y")
    first, second = queue.messages(echo=True)
    first.delete()
    (claimed,) = queue.claim(ttl=60, grace=60)
    assert claimed.claim_id, "the claim id is in the href"
    raises(errors.ForbiddenError, second.delete)
    claimed.delete()
    assert bodies(queue.messages(echo=True, include_claimed=True)) == []


@method("queue.claim", "message_post", "claim_create", "claim_get")
def claim():
    queue = queue_with("x", "y", "z")
    claim = queue.claim(ttl=100, grace=60, limit=2)
    assert bodies(claim) == ["x", "y"] and claim.id and claim.ttl == 100
    again = queue.claim(id=claim.id)
    assert bodies(again) == ["x", "y"] and isinstance(again.age, int)


@method("queue.claim of an empty queue", "queue_create", "claim_create")
def claim_of_nothing():
    claim = queue_with().claim(ttl=100, grace=60)
    assert list(claim) == [] and claim.id is None


@method("queue.claim without arguments", "claim_create")
def claim_without_arguments():
    from zaqarclient.transport import errors

    raises(errors.MalformedRequest, queue_with("x").claim)


@method("claim.update", "message_post", "claim_create", "claim_update", "claim_get")
def update_claim():
    queue = queue_with("x")
    claim = queue.claim(ttl=100, grace=60)
    claim.update(ttl=500, grace=70)
    assert claim.ttl == 500 and queue.claim(id=claim.id).ttl == 500


@method("claim.delete", "message_post", "claim_create", "claim_delete", "message_list", "claim_get")
def delete_claim():
    from zaqarclient.transport import errors

    queue = queue_with("x")
    claim = queue.claim(ttl=100, grace=60)
    assert bodies(queue.messages(echo=True)) == []
    claim.delete()
    assert bodies(queue.messages(echo=True)) == ["x"]
    raises(errors.ResourceNotFound, lambda: list(queue.claim(id=claim.id)))


@method("queue.signed_url", "queue_share", "message_post", "message_list")
def signed_url():
    from zaqarclient.queues import client as clients
    from zaqarclient.transport import errors

    signed = queue_with("x").signed_url(paths=["messages"], ttl_seconds=600, methods=["GET", "POST"])
    options = {name: signed[name] for name in ["paths", "methods", "expires", "signature"]}
    options["os_project_id"] = signed["project"]
    conf = {"auth_opts": {"backend": "signed-url", "options": options}}
    holder = clients.Client(os.environ["FRONT_URL"], version=2, conf=conf).queue("jobs")
    holder.post({"body": "y"})
    assert bodies(holder.messages(echo=True)) == ["x", "y"]
    raises(errors.ResourceNotFound, holder.pop)


def subscription(**named):
    named = {"subscriber": SUBSCRIBER, "ttl": 600, **named}
    return client().subscription("jobs", **named)


@method("client.subscription", "subscription_create", "subscription_get")
def make_subscription():
    made = subscription(options={"post_headers": {"X-A": "b"}})
    assert made.id and made.subscriber == SUBSCRIBER and made.ttl == 600
    assert made.options == {"post_headers": {"X-A": "b"}} and made.confirmed is False
    assert client().subscription("jobs", id=made.id).subscriber == SUBSCRIBER


@method("client.subscription until the year 9000", "subscription_create", "subscription_get")
def subscription_for_ever():
    assert subscription(ttl=220367260800).ttl == 220367260800


@method("queue.subscriptions", "subscription_create", "subscription_list")
def subscriptions():
    ids = {subscription(subscriber=f"{SUBSCRIBER}{n}").id for n in range(3)}
    found = list(client().queue("jobs").subscriptions())
    assert {each.id for each in found} == ids
    assert {each.queue_name for each in found} == {"jobs"}
    paged = client().subscriptions("jobs", limit=1).stream()
    assert {each.id for each in paged} == ids


@method("subscription.update", "subscription_create", "subscription_update", "subscription_get")
def update_subscription():
    made = subscription()
    made.update({"subscriber": SUBSCRIBER + "2", "ttl": 700})
    found = client().subscription("jobs", id=made.id)
    assert (found.subscriber, found.ttl) == (SUBSCRIBER + "2", 700)


@method("subscription.delete", "subscription_create", "subscription_delete", "subscription_get")
def delete_subscription():
    from zaqarclient.transport import errors

    made = subscription()
    made.delete()
    raises(errors.ResourceNotFound, client().subscription, "jobs", id=made.id)
