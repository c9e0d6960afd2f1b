"""python-zaqarclient over the WebSocket, as the workflows of TripleO used it."""

import contextlib
import json
import os

from trials import trial

CLIENT = "zaqarclient-websocket"


@contextlib.contextmanager
def socket():
    """A connection that has authenticated with a token."""
    from keystoneauth1 import loading, session
    from zaqarclient import transport

    names = ["auth_url", "username", "password", "project_id", "user_domain_id"]
    options = {name: os.environ[f"OS_{name.upper()}"] for name in names}
    auth = loading.get_plugin_loader("password").load_from_options(**options)
    logged_in = session.Session(auth=auth)
    endpoint = logged_in.get_endpoint(service_type="messaging-websocket", interface="public")
    options = {"os_auth_token": logged_in.get_token(), "os_project_id": logged_in.get_project_id()}
    conf = {"auth_opts": {"backend": "keystone", "options": options}}
    with transport.get_transport_for(endpoint, options=conf) as opened:
        yield lambda action, body=None: send(opened, endpoint, action, body)


def send(opened, endpoint, action, body):
    from zaqarclient.transport import request

    content = None if body is None else json.dumps(body)
    reply = opened.send(request.Request(endpoint, action, content=content))
    return reply.status_code, reply.deserialized_content


@trial(CLIENT, "queue_create", "authenticate", "queue_create", "queue_get")
def queue_create():
    with socket() as call:
        assert call("queue_create", {"queue_name": "jobs", "metadata": {"a": 1}})[0] == 201
        assert call("queue_get", {"queue_name": "jobs"}) == (200, {"a": 1})


@trial(CLIENT, "message_post", "authenticate", "message_post", "message_list", "claim_create", "message_delete_many")
def messages():
    with socket() as call:
        status, posted = call("message_post", {"queue_name": "jobs", "messages": [{"body": {"payload": 1}}]})
        assert status == 201 and len(posted["message_ids"]) == 1, posted
        status, claimed = call("claim_create", {"queue_name": "jobs", "ttl": 60, "grace": 60})
        assert status == 201 and claimed["messages"][0]["body"] == {"payload": 1}, claimed
        # Without the claim, as these workflows did.
        status, _ = call("message_delete_many", {"queue_name": "jobs", "message_ids": posted["message_ids"]})
        assert status == 204
        assert call("claim_create", {"queue_name": "jobs"})[0] == 204


@trial(CLIENT, "errors", "authenticate", "message_get")
def errors():
    from zaqarclient.transport import errors

    with socket() as call:
        try:
            call("message_get", {"queue_name": "jobs", "message_id": "nothing"})
        except errors.ResourceNotFound:
            return
    raise AssertionError("what does not exist is an error")
