"""Rules about output that the browser interprets."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from caveagent_magic.pattern import pattern
from caveagent_magic.security.flow.reader import TALKING
from caveagent_magic.security.flow.values import Const, Function, Instance, Items, Text, Value, Values, texts
from caveagent_magic.security.rule import Flagged, Hit, Passes, Rule, shown
from caveagent_magic.security.use import Use
from caveagent_magic.security.vocabulary import names

ACTIVE = pattern(
    r"<\s*(?:script|iframe|img|link|object|embed|form|meta|svg|style|base|video|audio|input|button)|\bon\w+\s*=|javascript:|//|\]\(",
    re.IGNORECASE,
)


FORMULA = pattern(
    r"\\(?:href|url|html\w*|style|class|cssId|require|unicode|includegraphics)\b|//|javascript:"
)


class ShowsMarkup(Rule):
    """Shows HTML, JavaScript or SVG that can load addresses, send data away or press buttons in the page."""

    code = "CAVE951"
    capability = "markup"
    message = "shows output that the browser would interpret with {name}"
    calls = names(
        """
        IPython.display.HTML IPython.display.Javascript IPython.display.SVG IPython.display.IFrame
        IPython.display.Markdown IPython.display.display_html IPython.display.display_javascript
        IPython.display.display_svg IPython.display.publish_display_data IPython.display.YouTubeVideo
        IPython.display.VimeoVideo IPython.display.Video IPython.display.Audio IPython.display.Image
        IPython.display.display_markdown IPython.display.ScribdDocument IPython.display.FileLink
        IPython.display.FileLinks IPython.core.display.* IPython.core.display_functions.*
        IPython.display.TextDisplayObject ipywidgets.HTML ipywidgets.HTMLMath anywidget.*
        IPython.display.DisplayObject IPython.display.GeoJSON IPython.display.Math IPython.display.Latex
        %html %HTML %javascript %js %svg %SVG
        %markdown
        """
    )
    kinds = frozenset({"code"})
    beyond = frozenset({"call"})

    examples = (
        Flagged(
            "from IPython.display import HTML\nHTML('<img src=\"https://example.org/?x\">')",
            name="IPython.display.HTML",
        ),
        Flagged("from IPython.display import Javascript\nJavascript('alert(1)')"),
        Flagged("class A:\n    def _repr_html_(self):\n        return '<script>'"),
        Flagged("from IPython.display import display\ndisplay({'text/html': x}, raw=True)"),
        Flagged("df['link'] = '<img src=\"//a.org/x\">'"),
        Flagged("from IPython.display import display_html\ndisplay_html(x, raw=True)"),
        Passes("from IPython.display import display_html, display_png\ndisplay_html(df)\ndisplay_png(fig)"),
        Passes("df.text.str.contains('<img src=') & ('<script>' in page)"),
        Flagged("from IPython.display import Audio\nAudio('http://example.org/a.wav')"),
        Flagged("from IPython.display import Audio\nAudio(x, url=y, rate=1)"),
        Passes("from IPython.display import Audio\nAudio(data=df.b.to_numpy(), rate=8000)"),
        Passes("from IPython.display import HTML\nHTML('<h3>Result</h3>')"),
        Passes("from IPython.display import Markdown, display\ndisplay(Markdown(f'**{total}**'))"),
        Passes("from IPython.display import HTML\nHTML(df.to_html())"),
    )

    def named(self, use: Use) -> str | None:
        """Methods that the display system calls, and raw displays, too."""
        if use.kind == "code":
            return (
                use.names[0] if use.names[0].removeprefix("def ") in (*TALKING, "markup that loads") else None
            )
        shows = use.kind == "call" and use.name.rpartition(".")[2] in ("display", "update_display", "update")
        if shows and "raw" in use.keywords and not use.names[0].startswith("builtins."):
            return use.names[0]
        return super().named(use)

    def hits(self, use: Use, name: str) -> Iterator[Hit]:
        """Plain formatting without addresses is left alone."""
        last = name.rpartition(".")[2]
        as_it_is = last.startswith("display_") and not {"raw", "metadata"}.intersection(use.keywords)
        if as_it_is and use.kind == "call" and not use.open_ended:
            return  # only another way to say `display`
        quiet = {
            "HTML": _still,
            "Markdown": _marks,
            "display_html": _still,
            "Image": _picture,
            "Audio": _samples,
            "display_markdown": _marks,
            "Math": _formula,
            "Latex": _formula,
        }.get(last)
        given = (
            *use.args[:1],
            *(use.keywords[key] for key in ("data", "url", "filename") if key in use.keywords),
        )
        if (
            quiet is not None
            and use.kind == "call"
            and given
            and not use.open_ended
            and not (last == "Audio" and {"url", "filename"}.intersection(use.keywords))
            and all(quiet(v) for values in given for v in values)
        ):
            return
        yield Hit(shown(name).removeprefix("def "))


def _still(value: Value) -> bool:
    """Markup that is written out here and has nothing active, or comes escaped from a frame."""
    if isinstance(value, Const):
        return isinstance(value.value, str) and not ACTIVE.search(value.value)
    return isinstance(value, Instance) and value.of == "builtins.html"


def _marks(value: Value) -> bool:
    """Markdown, which the front end sanitises: only addresses matter."""
    if isinstance(value, Text):
        return any(value.pieces) and not any(ACTIVE.search(piece) for piece in value.pieces if piece)
    return _still(value)


def _formula(value: Value) -> bool:
    r"""A formula without links, styles or extensions; what a library computed is taken as one."""
    pieces = value.pieces if isinstance(value, Text) else (value.value,) if isinstance(value, Const) else ()
    return not any(isinstance(piece, str) and FORMULA.search(piece) for piece in pieces)


def _samples(value: Value) -> bool:
    """Sounds that were worked out, not the name of a file or an address."""
    if isinstance(value, Instance):
        return value.of in ("numpy.ndarray", "pandas.Series")
    return not isinstance(value, Text) and not isinstance(getattr(value, "value", None), (str, bytes))


def _picture(value: Value) -> bool:
    return not (
        isinstance(value, Const) and isinstance(value.value, str) and "//" in value.value
    ) and not isinstance(value, Text)


class LoadsIntoFigures(Rule):
    """Puts a picture by its address, or a script, into what is shown: the browser fetches or runs it."""

    code = "CAVE952"
    capability = "markup"
    message = "puts something into the output that the browser loads or runs, with {name}"
    decides = False
    calls = names(
        """
        ?.mark_image ?.add_layout_image
        ?.set_table_attributes ?.update_layout ?.to_html ?.write_html ?.show plotly.*
        folium.* ?.set_uuid ?.set_caption ?.set_tooltips ?.set_td_classes ?.add_annotation ipywidgets.*
        altair.* bokeh.* ipyleaflet.* pydeck.* ?.format ?.format_index ?.relabel_index
        ?.update_traces ?.update_mapboxes pandas.io.formats.style.Styler pandas.Styler
        """
    )
    stores = names(
        "?.images ?.geojson ?.source ?.sources ?.style ?.layers ?.layout ?.icon ?.layout.images ?.layout.map"
    )

    examples = (
        Flagged("fig.add_layout_image(source='https://example.org/x.png')", name="add_layout_image"),
        Flagged("fig.show(post_script='alert(1)')", name="show"),
        Flagged("df.style.set_caption('<b onclick=alert(1)>a</b>')", name="set_caption"),
        Flagged("fig.add_annotation(text='<a href=\"http://a.org\">open</a>')", name="add_annotation"),
        Flagged("fig.layout.images = [{'source': 'https://example.org/x.png'}]", name="layout.images"),
        Passes("page.source = 'https://example.org'"),
        Passes("df.style.set_caption('Sales by city')"),
        Passes("fig.update_layout(title='Sales', template='plotly_white')"),
        Passes("import plotly.express as px\npx.line(df, x='a', y='b').show()"),
    )

    def hits(self, use: Use, name: str) -> Iterator[Hit]:
        """By keywords that hold scripts, and by addresses under keywords that load them."""
        if use.kind == "store" and _put_into_figure(use):
            yield Hit(shown(use.names[0]))
        if use.kind == "call" and ("post_script" in use.keywords or _loaded(use) or _unescaped(use)):
            yield Hit(shown(name))


ACTING = pattern(
    r"\b(?:fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon|document|window|globalThis|self|top|parent|eval|"
    r"Function|import|location|Jupyter|localStorage|cookie|atob|constructor|Image|Worker)\b|//[a-z]|\\[xu]",
)
RUNNING = names("CustomJS CustomJSTransform CustomJSHover CustomJSFilter CustomJSExpr mark_image")
"""What brings its own script, or fetches what the cells of a table say."""
STYLING = names("set_uuid set_caption set_tooltips set_td_classes set_table_attributes Styler")
FILLING = names("format format_index relabel_index")
"""Methods of a Styler whose texts are put around what is in the cells."""
DRAWN = (".show", ".update_traces", ".update_mapboxes")
DRAWING = ("plotly.", "folium.", "altair.", "bokeh.", "ipyleaflet.", "pydeck.")
ADDRESS = pattern(r"\s*(?:https?:|wss?:|javascript:)?//|\s*javascript:", re.IGNORECASE)
LINKED = pattern(r"<\s*a\b[^>]*\bhref\s*=\s*['\"]?\s*(?:\w+:|//)", re.IGNORECASE)
LOADED = names(
    "include_plotlyjs include_mathjax source src image url images sources tiles icon href image_url"
)


def _loaded(use: Use) -> bool:
    everything = use.name.endswith(("update_layout", "add_layout_image", "set_table_attributes"))
    given = [values for key, values in use.keywords.items() if everything or key in LOADED]
    given += use.args if everything else ()
    if any("//" in word for values in given for word in _words(values)):
        return True
    drawn = use.names[0].startswith(DRAWING) or use.names[0].endswith(DRAWN)
    everywhere = (*use.args, *use.keywords.values()) if drawn else ()
    return any(ADDRESS.match(word) for values in everywhere for word in _words(values))


def _put_into_figure(use: Use) -> bool:
    """Whether an attribute of a figure, of its layout or of what it draws is set to an address."""
    parts = use.names[0].split(".")
    drawn = "layout" in parts or parts[-1] in ("images", "geojson")
    return drawn and any("//" in word for word in use.words)


def _unescaped(use: Use) -> bool:
    """Whether a text goes into the page as it is, or a picture is fetched by its address."""
    last = use.name.rpartition(".")[2]
    words = [word for values in (*use.args, *use.keywords.values()) for word in _words(values)]
    if last in RUNNING:
        return last == "mark_image" or not words or any(map(ACTING.search, words))
    if last in STYLING:
        return any("<" in word for word in words)
    if last in FILLING:
        words += [word for values in (*use.args, *use.keywords.values()) for word in _written_in(values)]
        return "hyperlinks" in use.keywords or any(map(LINKED.search, words))
    if use.name.startswith("ipywidgets."):
        return last == "from_url" or "url" in texts(use.keywords.get("format", ()))
    remote = "connected" in " ".join(texts(use.keywords.get("renderer", ())))
    return remote or any(map(LINKED.search, words))


def _written_in(values: Values) -> Iterator[str]:
    """The texts in functions that fill cells."""
    for value in values:
        if isinstance(value, Function):
            body = value.node.body if isinstance(value.node.body, list) else [value.node.body]
            nodes = (node for part in body for node in ast.walk(part))
            yield from (
                each.value for each in nodes if isinstance(each, ast.Constant) and type(each.value) is str
            )
        elif isinstance(value, Items):
            yield from _written_in(value.contents)


def _words(values: Values) -> list[str]:
    """The texts among the values, as far as they are known."""
    pieces = [piece for value in values if isinstance(value, Text) for piece in value.pieces if piece]
    return [*texts(values), *pieces]
