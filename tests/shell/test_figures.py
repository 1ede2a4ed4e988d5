"""A figure in words, for a model that is not shown the picture."""

import matplotlib.pyplot as plt

from caveagent_magic.shell.figures import as_read, describe_figure, describing


def test_a_figure_is_told_by_titles_axes_series_and_ranges():
    figure, axes = plt.subplots()
    axes.plot([1, 12], [3, 20], label="UA")
    axes.set(title="Delay by month", xlabel="month", ylabel="delay", xlim=(1, 12), ylim=(0, 25))
    plt.close(figure)

    assert describe_figure(figure) == '"Delay by month"; x month 1 to 12; y delay 0 to 25; lines: UA'


def test_the_bundle_of_a_front_end_stays_and_only_the_model_reads_the_words():
    figure = plt.figure()
    plt.close(figure)
    figure.subplots().set_title("T")
    bundle = {"text/plain": "<Figure>", "image/png": "AA"}

    data, _ = describing(lambda obj: (bundle, {}))(figure)

    assert data == bundle
    assert as_read(data) == {"text/plain": '"T"; x 0 to 1; y 0 to 1', "image/png": "AA"}


def test_other_objects_are_shown_as_they_are():
    assert describing(lambda obj: ({"text/plain": "1"}, {}))(1) == ({"text/plain": "1"}, {})
