"""Rules about passwords, keys and tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caveagent_magic.pattern import pattern
from caveagent_magic.security.flow.values import Instance, Named, Value
from caveagent_magic.security.known import top
from caveagent_magic.security.rule import Flagged, Hit, Passes, Rule, shown
from caveagent_magic.security.use import Use
from caveagent_magic.security.vocabulary import names

KEY_FILE = pattern(
    r"(?:^|[/\\~])\.(?:ssh|aws|azure|gnupg|kube|docker|netrc|pgpass|git-credentials|pypirc|npmrc|env|kaggle|config/gcloud)(?:$|[/\\.])"
    r"|/proc/(?:self|\d+)/(?:environ|mem|maps|fd)|/etc/(?:shadow|passwd|sudoers)|id_(?:rsa|ed25519|ecdsa|dsa)\b"
    r"|/var/run/secrets|/run/secrets|jupyter/runtime|kernel-(?:(?!kernel-)[\w-])+\.json|\.pem$|credentials(?:\.json)?$"
)


SECRET = pattern(
    r"_*(?:\w+_)?(?:password|passwd|passphrase|secret|secret_key|private_key|api_?key|access_key|auth_?token|"
    r"access_token|credentials?)",
    re.IGNORECASE,
)


ENVIRONMENT = pattern(r"(?:^|_)(?:get_?env|environ|environment_variables?|env_?vars?)(?:_|$)|^expand_?vars$")


class ReadsEnvironment(Rule):
    """Reads or changes the environment or a store of passwords: keys and tokens lie there."""

    code = "CAVE701"
    capability = "secrets"
    message = "reaches for passwords, keys or tokens with {name}"
    calls = names(
        """
        os.getenv os.path.expandvars os.getenvb
        os.putenv posix.putenv posix.unsetenv os.unsetenv getpass.* keyring.*
        netrc.* dotenv.* decouple.* os.environ.* os._Environ.* secretstorage.* google.colab.userdata.*
        kaggle_secrets.* posix.environ.* ?.getenv ?.environ ?.getpass pwd.* grp.* spwd.* crypt.*
        browser_cookie3.* os.get_exec_path posix.getlogin os.getlogin posix.uname sysconfig.* %env
        %set_env jupyter_core.* notebook.* jupyter_server.* ipykernel.connect.*
        dask.config.collect dask.config.collect_env dask.config.refresh
        ipykernel.get_connection_file ipykernel.get_connection_info ?.render_as_string
        """
    )
    reads = frozenset(
        ["os.environ", "os.environb", "posix.environ", "os._Environ", "os.environ[]", "?.environ"]
    )
    stores = frozenset(["os.environ[]", "os._Environ[]", "?.environ[]"])

    beyond = frozenset({"call", "read"})

    examples = (
        Flagged("import os\nos.environ['HOME']", name="os.environ"),
        Flagged("from os import getenv as g\ng('API_KEY')", name="os.getenv"),
        Flagged("import pandas as pd\npd.io.common.os.environ"),
        Flagged("import dask\ndask.config.expand_environment_variables('$HOME')"),
        Passes("import os\nos.path.join('a', 'b')"),
        Passes("environment = {'HOME': 'x'}\nenvironment['HOME']"),
        Passes("users.password"),
    )

    def named(self, use: Use) -> str | None:
        """A live object may keep a secret under its own name; a column of data may be called so."""
        last = use.name.rpartition(".")[2]
        if use.kind == "call" and ENVIRONMENT.search(last):
            return use.names[0]
        kept = use.kind == "read" and SECRET.fullmatch(last) and any(map(_is_live, use.receiver))
        return last if kept else super().named(use)


def _is_live(owner: Value) -> bool:
    return (
        isinstance(owner, (Instance, Named))
        and owner.live is not None
        and top(owner.of if isinstance(owner, Instance) else owner.name) not in ("pandas", "polars", "numpy")
    )


class OpensKeyFile(Rule):
    """Names a file in which keys or passwords are kept."""

    code = "CAVE702"
    capability = "secrets"
    message = "names {target}, where keys or passwords are kept"
    kinds = frozenset({"call"})

    examples = (
        Flagged("open('/home/me/.ssh/id_rsa')"),
        Flagged("import pandas as pd\npd.read_csv('/proc/self/environ')"),
        Passes("print('about .ssh folders')"),
    )

    def hits(self, use: Use, name: str) -> Iterator[Hit]:
        """Only in calls that are about files."""
        if use.name in ("print", "len", "str"):
            return
        for word in use.words:
            if len(word) < 400 and " " not in word and KEY_FILE.search(word):
                yield Hit(shown(name), word)
