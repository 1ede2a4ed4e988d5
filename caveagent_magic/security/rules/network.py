"""Rules about the network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from caveagent_magic.pattern import pattern
from caveagent_magic.security.flow.values import texts
from caveagent_magic.security.known import SUSPICIOUS
from caveagent_magic.security.paths import host, is_url, paths_of
from caveagent_magic.security.rule import Flagged, Hit, Passes, Rule, shown
from caveagent_magic.security.use import Use
from caveagent_magic.security.vocabulary import names

FOLLOWING = frozenset(
    ["use", "from_file", "from_url", "rc_file", "rc_context", "read_html", "sql", "context"]
)
ADDRESSES = ("url", "uri", "base_url", "address", "host")
ADDRESS = pattern(r"(?:\w+_)?(?:url|uri|host|endpoint|server|dsn|proxy|proxies)|baseurl")  # keywords
BY_ADDRESS = names("sqlalchemy.create_engine sqlalchemy.engine.create_engine ?.create_engine")


class OpensConnection(Rule):
    """Talks to another machine.

    What was sent cannot be taken back, and what comes back is not under anybody's control here.
    """

    code = "CAVE201"
    capability = "network"
    message = "talks to another machine with {name}"
    calls = names(
        """
        numpy.DataSource numpy.lib.npyio.DataSource socket.* socketserver.* ssl.* http.client.*
        http.server.* urllib.request.* urllib3.* requests.*
        httpx.* aiohttp.* ftplib.* smtplib.* imaplib.* poplib.* telnetlib.* nntplib.* xmlrpc.*
        websocket.* websockets.* paramiko.* boto3.* botocore.* s3fs.* gcsfs.* smart_open.* google.*
        azure.* openai.* anthropic.* tweepy.* praw.* kaggle.* gdown.* wget.* mechanize.* selenium.*
        playwright.* scrapy.* psycopg2.* psycopg.* pymysql.* MySQLdb.* pymongo.* redis.* cassandra.*
        snowflake.* pika.* kafka.* zmq.* grpc.* huggingface_hub.* wandb.* mlflow.* comet_ml.* neptune.*
        asyncio.open_connection asyncio.start_server socket.create_connection nltk.download
        seaborn.load_dataset seaborn.get_dataset_names statsmodels.api.datasets.get_rdataset
        statsmodels.datasets.get_rdataset seaborn.utils.urlopen sklearn.datasets.fetch_20newsgroups
        sklearn.datasets.fetch_20newsgroups_vectorized sklearn.datasets.fetch_california_housing
        sklearn.datasets.fetch_covtype sklearn.datasets.fetch_kddcup99 sklearn.datasets.fetch_lfw_pairs
        sklearn.datasets.fetch_lfw_people sklearn.datasets.fetch_olivetti_faces
        sklearn.datasets.fetch_openml sklearn.datasets.fetch_rcv1 yfinance.* pandas_datareader.*
        folium.Map.show_in_browser bs4.dammit.* wikipedia.* googletrans.* geopy.geocoders.* osmnx.*
        sodapy.* tensorflow.keras.utils.get_file torch.hub.* tensorflow.keras.datasets.*
        keras.datasets.* torchvision.datasets.* datasets.load_dataset transformers.pipeline spacy.cli.*
        chart_studio.* dash.* streamlit.* gradio.* flask.* fastapi.* uvicorn.* bottle.* tornado.*
        pyodbc.* cx_Oracle.* oracledb.* clickhouse_driver.* elasticsearch.* pydrive.* gspread.*
        pydantic_ai.* ?.from_pretrained ?.urlopen ?.urlretrieve ?.create_connection ?.sendall ?.sendto
        ?.connect_ex ?.push_to_hub plotly.plotly.* matplotlib.cbook.urllib.* smtpd.* asyncore.*
        asynchat.* ?.getaddrinfo
        """
    )

    examples = (
        Flagged("import requests\nrequests.get('https://example.org')", name="requests"),
        Flagged("import seaborn as sns\ntips = sns.load_dataset('tips')", name="seaborn.load_dataset"),
        Passes("from urllib.parse import urlparse\nurlparse('https://example.org').netloc"),
        Passes("import requests"),
    )

    def hits(self, use: Use, name: str) -> Iterator[Hit]:
        """With each host that the address may have."""
        for each in dict.fromkeys(_hosts(use)):
            yield Hit(name.removeprefix("?."), each)


def _fetching(name: str) -> bool:
    """Whether a function of a library sounds as if it would follow an address."""
    last = name.rpartition(".")[2]
    return "." in name.removeprefix("builtins.") and bool(SUSPICIOUS.search(last) or last in FOLLOWING)


def _hosts(use: Use) -> list[str | None]:
    """The hosts of the first argument that may be an address, None among them where it is not known."""
    addresses = (use.keywords[key] for key in ADDRESSES if key in use.keywords)
    for given in (*use.args[:2], *addresses):
        found = paths_of(replace(use, args=(given,), keywords={})) or [None]
        if any(text is None or is_url(text) for text in found):
            return [host(text) if text is not None and is_url(text) else None for text in found]
    return [None]


class ReadsAddress(Rule):
    """Hands an address to a function that reads or writes files: libraries then go to the network."""

    code = "CAVE202"
    capability = "network"
    message = "reads from or writes to {target} with {name}"
    kinds = frozenset({"call"})

    examples = (
        Flagged("import pandas as pd\npd.read_csv('https://example.org/a.csv')", name="pandas.read_csv"),
        Flagged("u = 'http' + '://example.org/?' + str(1)\nimport matplotlib.pyplot as plt\nplt.imread(u)"),
        Flagged("import pandas as pd\npd.read_sql('select 1', 'postgresql://db.example.org/x')"),
        Flagged("model.fit(x, tracking_uri='http://example.org')", name="fit"),
        Passes("import pandas as pd\npd.read_csv('a.csv')"),
        Passes("print('see https://example.org')"),
    )

    def hits(self, use: Use, name: str) -> Iterator[Hit]:
        """Only for functions that take paths."""
        from caveagent_magic.security.rules.read_file import READERS
        from caveagent_magic.security.writers import WRITERS

        known = next(
            (n for n in use.names if n in READERS or n in WRITERS or n in BY_ADDRESS or _fetching(n)),
            None,
        )
        if known is None:
            named = (texts(use.keywords[key]) for key in filter(ADDRESS.fullmatch, use.keywords))
            known = shown(use.names[0]) if any(is_url(text) for each in named for text in each) else None
        if known is None:
            return
        given = [*(path for path in paths_of(use) or () if path is not None), *use.words]
        for path in dict.fromkeys(given):
            if is_url(path) and not path.startswith("sqlite:"):
                yield Hit(known.removeprefix("?."), host(path))
