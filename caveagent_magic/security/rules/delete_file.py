"""Rules about deleting files."""

from __future__ import annotations

from collections.abc import Iterator

from caveagent_magic.security.paths import paths_of
from caveagent_magic.security.rule import Flagged, Hit, Passes, Rule, shown
from caveagent_magic.security.rules.read_file import receiver_paths
from caveagent_magic.security.use import Use
from caveagent_magic.security.vocabulary import names


class DeletesFile(Rule):
    """Deletes a file or folder, which nothing here can bring back."""

    code = "CAVE121"
    capability = "delete_file"
    message = "deletes {target} with {name}"
    calls = names(
        """
        posix.remove posix.unlink posix.rmdir os.remove os.unlink os.rmdir os.removedirs shutil.rmtree
        shutil.move pathlib.Path.unlink pathlib.Path.rmdir ?.unlink ?.rmdir ?.rmtree ?.removedirs
        send2trash.*
        """
    )

    examples = (
        Flagged("import os\nos.remove('a.csv')", name="posix.remove"),
        Flagged("from pathlib import Path\nPath('a.csv').unlink()"),
        Passes("names = ['a', 'b']\nnames.remove('a')"),
    )

    def hits(self, use: Use, name: str) -> Iterator[Hit]:
        """One for each possible path."""
        on_path = name.startswith(("pathlib.", "?.unlink", "?.rmdir"))
        for path in receiver_paths(use) if on_path else paths_of(use) or [None]:
            yield Hit(shown(name), path)
