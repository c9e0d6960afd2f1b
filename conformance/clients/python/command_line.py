"""The commands of `openstack messaging`."""

import contextlib
import io
import json
import uuid

from trials import trial

CLIENT = "openstack"
SUBSCRIBER = "http://127.0.0.1:9/hook"


def run(*words):
    """Runs a command as a shell would and returns what it printed."""
    from openstackclient import shell

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = shell.main(["messaging", *words])
    assert status == 0, f"messaging {' '.join(words)}: {status}\n{out.getvalue()}{err.getvalue()}"
    return out.getvalue()


def fails(*words):
    """Runs a command that must fail and returns what it said."""
    from openstackclient import shell

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = shell.main(["messaging", *words])
    assert status != 0, f"messaging {' '.join(words)} did not fail: {out.getvalue()}"
    return out.getvalue() + err.getvalue()


def shown(*words):
    """The one object or the list that a command shows."""
    return json.loads(run(*words, "-f", "json"))


def command(words, *operations):
    return trial(CLIENT, words, *operations)


def queue_with(*bodies):
    """Makes a queue with messages and returns its name."""
    run("queue", "create", "jobs")
    if bodies:
        run("message", "post", "jobs", json.dumps([{"body": body, "ttl": 300} for body in bodies]))
    return "jobs"


def listed_messages(queue, *words):
    return shown("message", "list", queue, "--echo", *words)


@trial(CLIENT, "every command has a trial")
def every_command_has_a_trial():
    from importlib.metadata import entry_points
    from trials import TRIALS

    commands = {each.name.replace("_", " ") for each in entry_points(group="openstack.messaging.v2")}
    tried = {name.removeprefix("messaging ").replace("-", " ") for client, name in TRIALS if client == CLIENT}
    missing = {name.removeprefix("messaging ") for name in commands} - tried
    assert len(commands) == 32, sorted(commands)
    assert not missing, sorted(missing)


@command("ping", "ping")
def ping():
    assert shown("ping") == {"Pingable": True}


@command("health", "health")
def health():
    health = json.loads(run("health"))
    assert health["storage_reachable"] is True, health
    assert health["operation_status"]["post_messages"]["succeeded"] is True, health


@command("homedoc", "home")
def homedoc():
    resources = json.loads(run("homedoc"))["resources"]
    assert "rel/queues" in resources, sorted(resources)


@command("queue create", "queue_create")
def queue_create():
    assert shown("queue", "create", "jobs") == {"Name": "jobs"}
    assert shown("queue", "create", "jobs") == {"Name": "jobs"}
    fails("queue", "create", "no/slash")


@command("queue delete", "queue_create", "queue_delete", "queue_list")
def queue_delete():
    run("queue", "create", "jobs")
    run("queue", "delete", "jobs")
    assert shown("queue", "list") == []
    run("queue", "delete", "jobs")


@command("queue list", "queue_create", "queue_list")
def queue_list():
    for name in ["a", "b", "c"]:
        run("queue", "create", name)
    assert shown("queue", "list") == [{"Name": "a"}, {"Name": "b"}, {"Name": "c"}]
    assert shown("queue", "list", "--limit", "1", "--marker", "a") == [{"Name": "b"}]
    detailed = shown("queue", "list", "--detailed", "--with_count")
    assert detailed[0]["Href"] == "/v2/queues/a", detailed
    assert isinstance(detailed[0]["Metadata_Dict"], dict), detailed


@command("queue stats", "queue_create", "message_post", "queue_get_stats")
def queue_stats():
    queue_with("x", "y")
    stats = shown("queue", "stats", "jobs")["Stats"]
    stats = json.loads(stats.replace("'", '"')) if isinstance(stats, str) else stats
    assert stats["messages"]["total"] == 2, stats


@command("queue set metadata", "queue_create", "queue_get", "queue_update")
def queue_set_metadata():
    queue_with()
    run("queue", "set", "metadata", "jobs", json.dumps({"_max_messages_post_size": 1000, "color": "red"}))
    metadata = shown("queue", "get", "metadata", "jobs")["Metadata"]
    assert metadata["color"] == "red" and metadata["_max_messages_post_size"] == 1000, metadata
    run("queue", "set", "metadata", "jobs", json.dumps({"shape": "round"}))
    metadata = shown("queue", "get", "metadata", "jobs")["Metadata"]
    assert "color" not in metadata and metadata["shape"] == "round", metadata


@command("queue get metadata", "queue_get")
def queue_get_metadata():
    metadata = shown("queue", "get", "metadata", "never_created")["Metadata"]
    assert metadata["_default_message_ttl"] == 3600, metadata


@command("queue purge", "queue_create", "message_post", "message_list", "queue_purge")
def queue_purge():
    queue_with("x")
    run("queue", "purge", "jobs", "--resource_types", "subscriptions")
    assert len(listed_messages("jobs")) == 1
    run("queue", "purge", "jobs", "--resource_types", "messages")
    assert listed_messages("jobs") == []
    run("queue", "purge", "jobs")


@command("queue signed url", "queue_create", "queue_share", "message_list")
def queue_signed_url():
    queue_with("x")
    words = ["--paths", "messages,claims", "--ttl-seconds", "600", "--methods", "GET,POST"]
    signed = shown("queue", "signed", "url", "jobs", *words)
    assert signed["Paths"] == "/v2/queues/jobs/claims,/v2/queues/jobs/messages", signed
    assert signed["Methods"] == "GET,POST", signed
    assert len(signed["Signature"]) == 64 and signed["Project ID"], signed


@command("message post", "message_post", "message_list")
def message_post():
    run("message", "post", "jobs", json.dumps({"body": {"job": 1}}))
    run("message", "post", "jobs", json.dumps([{"body": "two", "ttl": 60}]), "--client-id", str(uuid.uuid4()))
    bodies = [message["Body"] for message in listed_messages("jobs")]
    assert bodies == [{"job": 1}, "two"], bodies
    fails("message", "post", "jobs", json.dumps({"ttl": 60}))


@command("message list", "queue_create", "message_post", "message_list", "claim_create", "message_get_many")
def message_list():
    queue_with("x", "y", "z")
    assert shown("message", "list", "jobs") == []
    assert len(shown("message", "list", "jobs", "--client-id", str(uuid.uuid4()))) == 3
    page = listed_messages("jobs", "--limit", "2")
    assert [message["Body"] for message in page] == ["x", "y"], page
    assert set(page[0]) == {"ID", "Body", "TTL", "Age", "Claim ID", "Checksum"}, page
    assert page[0]["TTL"] == 300 and page[0]["Claim ID"] is None, page
    run("claim", "create", "jobs", "--limit", "1")
    assert len(listed_messages("jobs")) == 2
    assert len(listed_messages("jobs", "--include-claimed", "--include-delayed")) == 3
    one = shown("message", "list", "jobs", "--message-ids", page[1]["ID"])
    assert [message["Body"] for message in one] == ["y"], one


def claim(*words):
    queue_with("x", "y")
    return shown("claim", "create", "jobs", *words)


@command("claim create", "queue_create", "message_post", "claim_create")
def claim_create():
    claimed = claim("--ttl", "60", "--grace", "60", "--limit", "1")
    assert [message["Messages"] for message in claimed] == ["x"], claimed
    assert claimed[0]["Claim_ID"] and claimed[0]["Message_ID"], claimed
    run("claim", "create", "jobs")
    assert run("claim", "create", "jobs", "-f", "json").strip() == "[]"


@command("claim query", "message_post", "claim_create", "claim_get")
def claim_query():
    claimed = claim()
    queried = shown("claim", "query", "jobs", claimed[0]["Claim_ID"])
    assert [message["Message"] for message in queried] == ["x", "y"], queried
    assert set(queried[0]) == {"Message_ID", "Age", "TTL", "Message"}, queried


@command("claim renew", "message_post", "claim_create", "claim_get", "claim_update")
def claim_renew():
    claimed = claim("--ttl", "60")
    renewed = shown("claim", "renew", "jobs", claimed[0]["Claim_ID"], "--ttl", "600", "--grace", "100")
    assert [message["Message"] for message in renewed] == ["x", "y"], renewed
    assert renewed[0]["TTL"] >= 600, renewed


@command("claim release", "message_post", "claim_create", "claim_delete", "message_list")
def claim_release():
    claimed = claim()
    assert listed_messages("jobs") == []
    run("claim", "release", "jobs", claimed[0]["Claim_ID"])
    assert len(listed_messages("jobs")) == 2
    fails("claim", "query", "jobs", claimed[0]["Claim_ID"])


def subscription(*words):
    return shown("subscription", "create", "jobs", SUBSCRIBER, "600", *words)


@command("subscription create", "subscription_create", "subscription_get")
def subscription_create():
    made = subscription("--options", json.dumps({"post_headers": {"X-A": "b"}}))
    assert made["Subscriber"] == SUBSCRIBER and made["TTL"] == 600 and made["ID"], made
    assert made["Options"] == {"post_headers": {"X-A": "b"}}, made
    fails("subscription", "create", "jobs", "gopher://127.0.0.1/x", "600")


@command("subscription update", "subscription_create", "subscription_update", "subscription_get")
def subscription_update():
    made = subscription()
    words = ["--subscriber", SUBSCRIBER + "2", "--ttl", "700", "--options", json.dumps({"a": 1})]
    run("subscription", "update", "jobs", made["ID"], *words)
    found = shown("subscription", "show", "jobs", made["ID"])
    assert (found["Subscriber"], found["TTL"]) == (SUBSCRIBER + "2", 700), found
    assert found["Options"] == {"a": 1}, found


@command("subscription delete", "subscription_create", "subscription_delete", "subscription_list")
def subscription_delete():
    made = subscription()
    run("subscription", "delete", "jobs", made["ID"])
    assert shown("subscription", "list", "jobs") == []
    run("subscription", "delete", "jobs", made["ID"])


@command("subscription show", "subscription_create", "subscription_get")
def subscription_show():
    made = subscription()
    found = shown("subscription", "show", "jobs", made["ID"])
    assert set(found) == {"ID", "Subscriber", "TTL", "Age", "Confirmed", "Options"}, found
    assert (found["ID"], found["Subscriber"]) == (made["ID"], SUBSCRIBER), found
    assert found["Confirmed"] is False and isinstance(found["Age"], int), found


@command("subscription list", "subscription_create", "subscription_list")
def subscription_list():
    ids = [shown("subscription", "create", "jobs", f"{SUBSCRIBER}{n}", "600")["ID"] for n in range(3)]
    found = shown("subscription", "list", "jobs")
    assert sorted(each["ID"] for each in found) == sorted(ids), found
    first = shown("subscription", "list", "jobs", "--limit", "1")
    rest = shown("subscription", "list", "jobs", "--marker", first[0]["ID"], "--limit", "5")
    assert sorted(each["ID"] for each in first + rest) == sorted(ids), (first, rest)


def name(prefix):
    """A name of its own: pools and flavors belong to the whole deployment."""
    return f"{prefix}-{uuid.uuid4().hex}"


def pool(weight="100", *words):
    pool = name("pool")
    run("pool", "create", pool, f"memory:{pool}", weight, *words)
    return pool


@command("pool create", "pool_create")
def pool_create():
    pool = name("pool")
    words = [pool, f"memory:{pool}", "10", "--pool_options", json.dumps({"max_retry_sleep": 1})]
    made = shown("pool", "create", *words)
    assert made["Name"] == pool and made["Weight"] == 10, made
    assert made["URI"] == f"memory:{pool}" and made["Options"] == {"max_retry_sleep": 1}, made
    fails("pool", "create", name("pool"), "gopher://nowhere", "10")


@command("pool show", "pool_create", "pool_get")
def pool_show():
    made = pool()
    found = shown("pool", "show", made)
    assert (found["Name"], found["Weight"]) == (made, 100), found
    fails("pool", "show", name("pool"))


@command("pool update", "pool_create", "pool_update", "pool_get")
def pool_update():
    made = pool()
    assert shown("pool", "update", made, "--pool_weight", "7")["Weight"] == 7
    assert shown("pool", "show", made)["Weight"] == 7


@command("pool delete", "pool_create", "pool_delete", "pool_get")
def pool_delete():
    made = pool()
    run("pool", "delete", made)
    fails("pool", "show", made)


@command("pool list", "pool_create", "pool_list")
def pool_list():
    made = pool()
    before = made[:-1] + chr(ord(made[-1]) - 1)
    found = shown("pool", "list", "--marker", before, "--limit", "1", "--detailed")
    assert found[0]["Name"] == made, found
    assert set(found[0]) == {"Name", "Weight", "URI", "Flavor", "Options"}, found


def flavor():
    flavor, sits_on = name("flavor"), pool()
    run("flavor", "create", flavor, "--pool_list", sits_on)
    return flavor, sits_on


@command("flavor create", "pool_create", "flavor_create")
def flavor_create():
    flavor, sits_on = name("flavor"), pool()
    made = shown("flavor", "create", flavor, "--pool_list", sits_on)
    assert made["Name"] == flavor, made
    fails("flavor", "create", name("flavor"), "--pool_list", name("pool"))


@command("flavor show", "pool_create", "flavor_create", "flavor_get")
def flavor_show():
    made, sits_on = flavor()
    found = shown("flavor", "show", made)
    assert found["Name"] == made, found
    fails("flavor", "show", name("flavor"))


@command("flavor update", "pool_create", "flavor_create", "flavor_update", "flavor_get")
def flavor_update():
    made, sits_on = flavor()
    other = pool()
    found = shown("flavor", "update", made, "--pool_list", f"{sits_on},{other}")
    assert sorted(found["Pool_list"]) == sorted([sits_on, other]), found


@command("flavor delete", "pool_create", "flavor_create", "flavor_delete", "flavor_get")
def flavor_delete():
    made, _ = flavor()
    run("flavor", "delete", made)
    fails("flavor", "show", made)


@command("flavor list", "pool_create", "flavor_create", "flavor_list")
def flavor_list():
    made, _ = flavor()
    before = made[:-1] + chr(ord(made[-1]) - 1)
    found = shown("flavor", "list", "--marker", before, "--limit", "1", "--detailed")
    assert found[0]["Name"] == made, found
