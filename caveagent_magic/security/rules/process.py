"""Rules about other programs."""

from __future__ import annotations

from collections.abc import Iterator

from caveagent_magic.pattern import pattern
from caveagent_magic.security.flow.carried import carries
from caveagent_magic.security.flow.values import Items, Values, constants, texts
from caveagent_magic.security.flow.workers import workers
from caveagent_magic.security.rule import Flagged, Hit, Passes, Rule, shown
from caveagent_magic.security.use import Use
from caveagent_magic.security.vocabulary import names

PROGRAM = pattern(
    r"(?:text\.)?usetex|(?:text\.)?latex\.preamble|(?:animation\.)?(?:ffmpeg|convert|html)_(?:path|args)"
    r"|pgf\.(?:texsystem|preamble)|ps\.usedistiller"
)
"""Settings of matplotlib that name a program, or what one is given."""


BROWSERS = pattern(r"browser|chrome|chromium|firefox")


class StartsProcess(Rule):
    """Starts another program.

    It keeps running after the rehearsal ends, and undo cannot take back what it did.
    """

    code = "CAVE301"
    capability = "process"
    message = "starts another program with {name}"
    calls = names(
        """
        posix.system posix.execv posix.execve posix.posix_spawn posix.posix_spawnp posix.fork
        posix.forkpty os.system os.popen os.execl os.execle os.execlp os.execlpe os.execv os.execve
        os.execvp os.execvpe os.spawnl os.spawnle os.spawnlp os.spawnlpe os.spawnv os.spawnve os.spawnvp
        os.spawnvpe os.posix_spawn os.posix_spawnp os.fork os.forkpty os.startfile subprocess.run
        subprocess.Popen subprocess.Popen.* subprocess.call subprocess.check_call
        subprocess.check_output subprocess.getoutput subprocess.getstatusoutput pty.* multiprocessing.*
        concurrent.futures.ProcessPoolExecutor concurrent.futures.process.ProcessPoolExecutor
        _posixsubprocess.* asyncio.create_subprocess_exec asyncio.create_subprocess_shell
        asyncio.subprocess.* webbrowser.* pexpect.* sh.* plumbum.* fabric.* invoke.* ?.system ?.popen
        ?.Popen ?.check_output ?.check_call ?.getoutput ?.getstatusoutput ?.spawnl ?.spawnv ?.execv
        ?.execvp ?.posix_spawn ?.fork_exec pip.* IPython.InteractiveShell.system
        IPython.InteractiveShell.getoutput IPython.InteractiveShell.getoutput IPython.utils.process.*
        IPython.utils._process_posix.* torch.multiprocessing.* numpy.distutils.* joblib.externals.* %!
        %!! %sx %sc %system %bash %sh %script %perl %ruby %pypy %python %python2 %python3 %pip %conda
        %mamba %uv %killbgscripts setuptools.* distutils.*
        """
    )

    examples = (
        Flagged("import os as o\nf = o.system\nf('ls')", name="posix.system"),
        Flagged("from subprocess import run\nrun(['ls'])", name="subprocess.run"),
        Flagged("import pandas as pd\npd.io.common.os.system('ls')", name="posix.system"),
        Flagged("get_ipython().system('ls')"),
        Flagged("get_ipython().run_cell_magic('bash', '', 'ls')", name="%bash"),
        Flagged("list(map(getattr(__import__('o' + 's'), 'sys' + 'tem'), ['ls']))", name="posix.system"),
        Passes("import os\nos.getcwd()"),
        Passes("import subprocess"),
    )


PAGES = names("notebook colab kaggle jupyterlab vscode plotly_mimetype azure databricks nteract cocalc json")
"""Renderers of plotly that only give output of the cell."""


class ShowsInBrowser(Rule):
    """Shows figures in a browser of its own, which is another program, or as pictures that one makes."""

    code = "CAVE305"
    capability = "process"
    message = "opens a browser with {name}"
    kinds = frozenset({"call", "store"})

    examples = (
        Flagged("import plotly.express as px\npx.bar(df).show('browser')", name="show"),
        Flagged("import plotly.io as pio\npio.renderers.default = 'browser'"),
        Passes("import plotly.io as pio\npio.renderers.default = 'notebook'"),
        Flagged("import plotly.io as pio\npio.show(fig, renderer='firefox')", name="plotly.io.show"),
        Passes("import plotly.express as px\npx.bar(df).show('notebook')"),
    )

    def hits(self, use: Use, name: str) -> Iterator[Hit]:
        """By the name of the renderer."""
        if use.kind == "store":
            words = [part for word in use.words for part in word.split("+")]
            if name.endswith("renderers.default") and not (words and PAGES.issuperset(words)):
                yield Hit(shown(name))
        elif use.name.rpartition(".")[2] == "show" and any(map(BROWSERS.match, use.words)):
            yield Hit(shown(name))


class SendsToWorkers(Rule):
    """Lets worker processes run code of yours or of the step: the guard does not reach into those."""

    code = "CAVE303"
    capability = "process"
    message = "lets other processes run your own code with {name}"
    kinds = frozenset({"call", "store"})
    beyond = kinds

    examples = (
        Flagged(
            "from joblib import Parallel, delayed\nParallel(n_jobs=2)(delayed(lambda x: x)(i) for i in [1])",
            name="joblib.Parallel",
        ),
        Flagged(
            "from sklearn.model_selection import cross_val_score\n"
            "def rate(model, x, y):\n    return 1\ncross_val_score(model, x, y, scoring=rate, n_jobs=-1)",
            name="cross_val_score",
        ),
        Passes("from joblib import Parallel, delayed\nParallel(n_jobs=2)(delayed(abs)(i) for i in [1])"),
        Passes(
            "from joblib import Parallel, delayed\n"
            "Parallel(n_jobs=2, prefer='threads')(delayed(lambda x: x)(i) for i in [1])"
        ),
        Passes("from sklearn.ensemble import RandomForestClassifier\nRandomForestClassifier(n_jobs=-1)"),
    )

    def check(self, use: Use) -> Iterator[Hit]:
        """By the number of workers and by what is sent to them."""
        wanted = use.kind in self.kinds and workers(use)
        if wanted and carries((*use.receiver, *(v for each in _sent(use) for v in each))):
            yield Hit(shown(use.names[0]))


def _sent(use: Use) -> Iterator[Values]:
    yield from use.args
    yield from use.keywords.values()


class SetsProgram(Rule):
    """Has matplotlib start another program, such as TeX, whenever it draws or saves."""

    code = "CAVE304"
    capability = "process"
    message = "has matplotlib start other programs with {name}"
    kinds = frozenset({"call", "store"})
    beyond = kinds

    examples = (
        Flagged("import matplotlib.pyplot as plt\nplt.rcParams['text.usetex'] = True", name="rcParams"),
        Flagged("import matplotlib.pyplot as plt\nplt.rc('animation', ffmpeg_path='./x')", name="rc"),
        Passes("import matplotlib.pyplot as plt\nplt.rcParams['text.usetex'] = False"),
        Flagged("import matplotlib.pyplot as plt\nplt.rcParams.update({'text.usetex': True})", name="update"),
        Passes("import matplotlib.pyplot as plt\nplt.rcParams.update({'text.usetex': False})"),
        Passes("import matplotlib.pyplot as plt\nplt.rc('font', size=12)"),
    )

    def check(self, use: Use) -> Iterator[Hit]:
        """By the names of the settings; one that is put to False or None starts nothing."""
        if use.kind in self.kinds and use.names[0].startswith("matplotlib."):
            last = use.args[-1] if use.kind == "store" and use.args else ()
            off = bool(last) and not any(constants(last) or [True])
            keys = [key for key, values in use.keywords.items() if any(constants(values) or [True])]
            if not off and any(map(PROGRAM.fullmatch, (*_put_on(use), *keys))):
                yield Hit(shown(use.names[0]))


def _put_on(use: Use) -> Iterator[str]:
    """The settings among the arguments; of a dictionary, those with a value."""
    for value in (value for values in (*use.args, *use.keywords.values()) for value in values):
        if isinstance(value, Items) and value.kind == "dict":
            on = (key for key, values in value.entries if any(constants(values) or [True]))
            yield from (key for key in on if isinstance(key, str))
        else:
            yield from texts((value,))


class SignalsProcess(Rule):
    """Sends a signal to a process, which may be the kernel itself or the Jupyter server."""

    code = "CAVE302"
    capability = "process"
    message = "stops or signals a process with {name}"
    calls = names(
        """
        posix.kill posix.killpg os.kill os.killpg os.abort posix.abort os._exit posix._exit
        signal.raise_signal signal.pthread_kill signal.alarm signal.setitimer psutil.* resource.*
        posix.nice os.nice ?.killpg ?._exit posix.setuid posix.setgid faulthandler._sigsegv
        faulthandler.*
        """
    )

    examples = (
        Flagged("import os\nos.kill(os.getpid(), 9)", name="posix.kill"),
        Passes("import os\nos.getpid()"),
    )
