"""Rules about files and bytes that carry code."""

from __future__ import annotations

from collections.abc import Iterator

from caveagent_magic.security.flow.values import Const
from caveagent_magic.security.rule import Flagged, Hit, Passes, Rule, shown
from caveagent_magic.security.use import Use
from caveagent_magic.security.vocabulary import names


class LoadsObjects(Rule):
    """Loads objects from a format that can run code while it is read."""

    code = "CAVE601"
    capability = "deserialization"
    message = "loads objects, and any code hidden in them, with {name}"
    calls = names(
        """
        pickle.load pickle.loads pickle.Unpickler pickle.Unpickler.* pickle._load pickle._loads
        pickle._Unpickler cPickle.* dill.* cloudpickle.load cloudpickle.loads shelve.* marshal.*
        joblib.load pandas.read_pickle pandas.read_hdf pandas.HDFStore pandas.compat.pickle_compat.*
        torch.load torch.jit.load tensorflow.keras.models.load_model keras.models.load_model
        tensorflow.saved_model.load yaml.load yaml.load_all yaml.unsafe_load yaml.full_load
        yaml.full_load_all yaml.unsafe_load_all yaml.Loader yaml.UnsafeLoader jsonpickle.*
        sklearn.externals.joblib.load copyreg.* copy_reg.* klepto.* pandas.io.pickle.*
        numpy.core.multiarray.* ?.read_pickle ?.Unpickler numpy.lib.format.read_array
        multiprocessing.reduction.* _pickle.* h5pickle.* hickle.* gensim.models.Word2Vec.load
        ?.deserialize polars.LazyFrame.deserialize polars.Expr.deserialize polars.DataFrame.deserialize
        spacy.util.load_model catboost.load lightgbm.Booster xgboost.load skops.* mlflow.*
        """
    )

    examples = (
        Flagged("import pandas as pd\npd.read_pickle('a.pkl')", name="pandas.read_pickle"),
        Flagged("import pickle as p\np.loads(b'')", name="pickle.loads"),
        Passes("import pickle\nlen(pickle.dumps([1, 2]))"),
        Passes("import yaml\nyaml.safe_load('a: 1')"),
    )


class LoadsArrays(Rule):
    """Lets numpy load pickled objects, which can run code."""

    code = "CAVE602"
    capability = "deserialization"
    message = "lets {name} load pickled objects"
    calls = frozenset(
        [
            "numpy.load",
            "numpy.lib.format.read_array",
            "numpy.lib.npyio.load",
            "numpy.lib.npyio.NpzFile",
            "numpy.lib._npyio_impl.load",
        ]
    )

    examples = (
        Flagged("import numpy as np\nnp.load('a.npy', allow_pickle=True)", name="numpy.load"),
        Flagged("import numpy as np\nnp.load('a.npy', None, True)", name="numpy.load"),
        Flagged("import numpy as np\nnp.load('a.npy', **options)", name="numpy.load"),
        Passes("import numpy as np\nnp.load('a.npy')"),
    )

    def hits(self, use: Use, name: str) -> Iterator[Hit]:
        """Only where pickles are allowed, or may be."""
        given = use.argument(2, "allow_pickle")
        refused = given is None or all(isinstance(value, Const) and not value.value for value in given)
        if use.kind == "pass" or use.open_ended or not refused:
            yield Hit(shown(name))
