"""The methods of python-zaqarclient for operators: pools and flavors."""

import uuid

from zaqar_client import method, operator, raises


def pool(**named):
    name = f"pool-{uuid.uuid4().hex}"
    named = {"weight": 10, "uri": f"memory:{name}", **named}
    return operator().pool(name, **named)


@method("client.pool", "pool_create", "pool_get")
def make_pool():
    made = pool(options={"max_retry_sleep": 1})
    found = made.get()
    assert (found["name"], found["weight"]) == (made.name, 10), found
    assert found["uri"] == made.uri, found


@method("client.pools", "pool_create", "pool_list")
def pools():
    made = pool()
    before = made.name[:-1] + chr(ord(made.name[-1]) - 1)
    (found,) = operator().pools(marker=before, limit=1)
    assert (found.name, found.weight, found.uri) == (made.name, 10, made.uri)


@method("pool.update", "pool_create", "pool_update", "pool_get")
def update_pool():
    made = pool()
    made.update({"weight": 20})
    assert made.get()["weight"] == 20


@method("pool.delete", "pool_create", "pool_delete", "pool_get")
def delete_pool():
    from zaqarclient.transport import errors

    made = pool()
    made.delete()
    raises(errors.ResourceNotFound, made.get)


def flavor():
    sits_on = pool().name
    return operator().flavor(f"flavor-{uuid.uuid4().hex}", pool_list=[sits_on]), sits_on


@method("client.flavor", "pool_create", "flavor_create", "flavor_get")
def make_flavor():
    made, sits_on = flavor()
    found = made.get()
    assert (found["name"], found["pool_list"]) == (made.name, [sits_on]), found


@method("client.flavors", "pool_create", "flavor_create", "flavor_list")
def flavors():
    made, _ = flavor()
    before = made.name[:-1] + chr(ord(made.name[-1]) - 1)
    (found,) = operator().flavors(marker=before, limit=1)
    assert found.name == made.name


@method("flavor.update", "pool_create", "flavor_create", "flavor_update", "flavor_get")
def update_flavor():
    made, _ = flavor()
    other = pool().name
    made.update({"pool_list": [other]})
    assert made.get()["pool_list"] == [other]


@method("flavor.delete", "pool_create", "flavor_create", "flavor_delete", "flavor_get")
def delete_flavor():
    from zaqarclient.transport import errors

    made, _ = flavor()
    made.delete()
    raises(errors.ResourceNotFound, made.get)
