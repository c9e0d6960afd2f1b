"""The methods of openstacksdk for messaging."""

import uuid

from trials import trial

CLIENT = "openstacksdk"
SUBSCRIBER = "http://127.0.0.1:9/hook"


def service():
    import openstack

    return openstack.connect(load_yaml_config=False).message


def make_claim(messaging, **attributes):
    """What `create_claim` does, without a connection object at the claim.

    With one, this version overwrites the `Location` of a new claim with its own idea of where a resource is, and then fails on it,
    whatever the service answered.
    """
    from openstack.message.v2 import claim

    return claim.Claim.new(queue_name="jobs", **attributes).create(messaging)


def method(name, *operations):
    return trial(CLIENT, name, *operations)


def queue_with(*bodies):
    messaging = service()
    messaging.create_queue(name="jobs")
    if bodies:
        messaging.post_message("jobs", [{"body": body, "ttl": 300} for body in bodies])
    return messaging


@method("create_queue", "queue_create", "queue_get")
def create_queue():
    messaging = service()
    attributes = {"description": "work", "_default_message_ttl": 600}
    made = messaging.create_queue(name="jobs", **attributes)
    assert made.name == "jobs"
    messaging.create_queue(name="jobs")
    found = messaging.get_queue("jobs")
    assert (found.description, found.default_message_ttl) == ("work", 600), found


@method("get_queue", "queue_get")
def get_queue():
    assert service().get_queue("never_created").default_message_ttl == 3600


@method("queues", "queue_create", "queue_list")
def queues():
    messaging = service()
    for name in "abcde":
        messaging.create_queue(name=name)
    assert [queue.name for queue in messaging.queues()] == list("abcde")
    assert [queue.name for queue in messaging.queues(limit=2)] == list("abcde")


@method("delete_queue", "queue_create", "queue_delete", "queue_list")
def delete_queue():
    messaging = queue_with()
    messaging.delete_queue("jobs")
    messaging.delete_queue("jobs")
    assert list(messaging.queues()) == []


@method("post_message", "message_post")
def post_message():
    posted = service().post_message("jobs", [{"body": {"job": 1}, "ttl": 60}, {"body": "two"}])
    assert len(posted) == 2 and posted[0].startswith("/v2/queues/jobs/messages/"), posted


@method("messages", "queue_create", "message_post", "message_list")
def messages():
    messaging = queue_with("x", "y", "z")
    found = list(messaging.messages("jobs", echo=True))
    assert [message.body for message in found] == ["x", "y", "z"]
    assert {message.ttl for message in found} == {300} and found[0].href and found[0].id


@method("messages, more than a page", "queue_create", "message_post", "message_list")
def messages_of_several_pages():
    messaging = queue_with(*range(15))
    found = [message.body for message in messaging.messages("jobs", echo=True)]
    assert found == list(range(15)), found


@method("get_message", "queue_create", "message_post", "message_get")
def get_message():
    from openstack import exceptions

    messaging = queue_with()
    posted = messaging.post_message("jobs", [{"body": "x"}])[0].split("/")[-1]
    assert messaging.get_message("jobs", posted).body == "x"
    try:
        messaging.get_message("jobs", str(uuid.uuid4()))
    except exceptions.NotFoundException:
        return
    raise AssertionError("a message that is not there was found")


@method("delete_message", "queue_create", "message_post", "claim_create", "message_delete", "message_list")
def delete_message():
    from openstack import exceptions

    messaging = queue_with("x", "y")
    first = next(messaging.messages("jobs", echo=True))
    messaging.delete_message("jobs", first.id)
    claim = make_claim(messaging, ttl=60, grace=60)
    claimed = claim.messages[0]["id"]
    try:
        messaging.delete_message("jobs", claimed)
    except exceptions.ForbiddenException:
        pass
    else:
        raise AssertionError("a claimed message was deleted without its claim")
    messaging.delete_message("jobs", claimed, claim=claim.id)
    assert list(messaging.messages("jobs", echo=True, include_claimed=True)) == []


@method("create_claim", "queue_create", "message_post", "claim_create")
def create_claim():
    messaging = queue_with("x", "y")
    claim = make_claim(messaging, ttl=100, grace=60)
    assert claim.id and [message["body"] for message in claim.messages] == ["x", "y"], claim
    assert make_claim(messaging, ttl=100, grace=60).messages is None


@method("create_claim with a limit in the body", "queue_create", "message_post", "claim_create")
def create_claim_with_a_limit():
    claim = make_claim(queue_with("x", "y"), limit=1)
    assert len(claim.messages) == 2, "a limit counts in the query only"


@method("get_claim", "queue_create", "message_post", "claim_create", "claim_get")
def get_claim():
    messaging = queue_with("x")
    claim = make_claim(messaging, ttl=100, grace=60)
    found = messaging.get_claim("jobs", claim.id)
    assert found.ttl == 100 and found.messages[0]["body"] == "x", found


@method("update_claim", "queue_create", "message_post", "claim_create", "claim_update", "claim_get")
def update_claim():
    messaging = queue_with("x")
    claim = make_claim(messaging, ttl=100, grace=60)
    messaging.update_claim("jobs", claim.id, ttl=500, grace=70)
    assert messaging.get_claim("jobs", claim.id).ttl == 500


@method("delete_claim", "queue_create", "message_post", "claim_create", "claim_delete", "message_list")
def delete_claim():
    messaging = queue_with("x")
    claim = make_claim(messaging, ttl=100, grace=60)
    messaging.delete_claim("jobs", claim.id)
    assert len(list(messaging.messages("jobs", echo=True))) == 1


def subscribe(messaging, number=0):
    return messaging.create_subscription("jobs", subscriber=f"{SUBSCRIBER}{number}", ttl=600)


@method("create_subscription", "subscription_create", "subscription_get")
def create_subscription():
    messaging = service()
    made = subscribe(messaging)
    found = messaging.get_subscription("jobs", made.subscription_id)
    assert found.subscriber == f"{SUBSCRIBER}0" and found.ttl == 600, found


@method("create_subscription of Senlin", "subscription_create")
def create_subscription_of_senlin():
    options = {"trust_id": "0123456789abcdef"}
    made = service().create_subscription(
        "jobs", subscriber="trust+http://127.0.0.1:9/notify", ttl=2**36, options=options
    )
    assert made.subscription_id, made


@method("subscriptions", "subscription_create", "subscription_list")
def subscriptions():
    messaging = service()
    made = {subscribe(messaging, number).subscription_id for number in range(12)}
    assert {each.id for each in messaging.subscriptions("jobs")} == made


@method("get_subscription", "subscription_create", "subscription_get")
def get_subscription():
    from openstack import exceptions

    messaging = service()
    made = subscribe(messaging)
    assert messaging.get_subscription("jobs", made.subscription_id).source == "jobs"
    try:
        messaging.get_subscription("jobs", str(uuid.uuid4()))
    except exceptions.NotFoundException:
        return
    raise AssertionError("a subscription that is not there was found")


@method("delete_subscription", "subscription_create", "subscription_delete", "subscription_list")
def delete_subscription():
    messaging = service()
    made = subscribe(messaging)
    messaging.delete_subscription("jobs", made.subscription_id)
    assert list(messaging.subscriptions("jobs")) == []
