"""Runs one trial of a client against a service, or lists the trials there are.

    trials.py --list            one line per trial: client, name and operations, between tabs
    trials.py CLIENT TRIAL      exit status 0 if the client gets what it needs

A trial is a function with the decorator `trial` in a module of this folder. It asserts what its client returns. The list is made
without importing any client, so a module imports its client inside of functions.

The environment says where the service is and who asks: `SERVICE_URL`, `WEBSOCKET_URL`, `FRONT_URL` and the variables `OS_*` that
OpenStack clients read.
"""

import sys

TRIALS = {}


def trial(client, name, *operations):
    """Registers a function under a client and a name, with the operations that it calls."""

    def register(function):
        assert (client, name) not in TRIALS, f"{client} {name} is there twice"
        TRIALS[client, name] = (operations, function)
        return function

    return register


def main(words):
    import command_line, sdk, zaqar_client, zaqar_pools, zaqar_socket  # noqa: F401 (they register trials)

    if words == ["--list"]:
        for (client, name), (operations, _) in TRIALS.items():
            print(client, name, ",".join(operations), sep="\t")
        return 0
    operations, function = TRIALS[tuple(words)]
    function()
    return 0


if __name__ == "__main__":
    sys.modules["trials"] = sys.modules["__main__"]
    sys.exit(main(sys.argv[1:]))
