"""Every chart, drawn of an empty, a small and a large table, in both themes.

Plotly refuses an attribute that it does not know, so a mistyped one fails here.
"""

import json

import plotly.graph_objects as go
import plotly.io as pio
import pytest
from dash._utils import to_json

from components.charts import templates
from components.charts.catalogue import CHARTS, SECTIONS, figure, is_empty
from services.reports.tables import TABLES
from tests.support import charttables

SIZES = {"empty": 0, "small": 2, "large": 600}
every_chart = pytest.mark.parametrize("name", CHARTS)


def axes_of(drawn):
    return [getattr(drawn.layout, name) for name in drawn.layout if name[1:].startswith("axis")]


@every_chart
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("theme", templates.THEMES)
def test_a_chart_is_drawn_of_any_table_in_both_themes(name, size, theme):
    table = charttables.make(name, SIZES[size])
    drawn = figure(CHARTS[name], table, theme)
    assert isinstance(drawn, go.Figure)
    assert drawn.layout.template.layout == pio.templates[templates.THEMES[theme]].layout
    assert drawn.layout.height >= 200
    assert is_empty(CHARTS[name], table) == (size == "empty")
    sent = json.loads(to_json(drawn))
    assert {trace["type"] for trace in sent["data"]} <= {"bar", "scatter", "box", "heatmap"}
    for trace in sent["data"]:
        for points in ("x", "y", "customdata"):
            assert isinstance(trace.get(points, []), list), "readable by people and by tests"


@every_chart
def test_axes_have_titles_and_points_say_what_they_are(name):
    drawn = figure(CHARTS[name], charttables.make(name, 8), "light")
    axes = axes_of(drawn)
    assert len(axes) >= 2
    assert all(axis.title.text for axis in axes)
    assert drawn.data and all(trace.hovertemplate for trace in drawn.data)
    assert all("%{" in trace.hovertemplate for trace in drawn.data)


@every_chart
def test_the_title_below_a_chart_fits_a_phone(name):
    """Beside long names a phone leaves some 150 px, and Plotly cuts a longer title off."""
    drawn = figure(CHARTS[name], charttables.make(name, 8), "light")
    assert len(drawn.layout.xaxis.title.text) <= 24


@every_chart
def test_a_large_table_does_not_make_a_crowd_of_series(name):
    drawn = figure(CHARTS[name], charttables.make(name, SIZES["large"]), "light")
    assert len(drawn.data) <= 8


def test_plotly_refuses_what_it_does_not_know():
    with pytest.raises(ValueError, match="hovertemplat"):
        go.Bar(hovertemplat="%{x}")


def test_the_themes_differ_in_colours_alone():
    light, dark = (pio.templates[each].to_plotly_json() for each in templates.THEMES.values())

    def names(value):
        if isinstance(value, dict):
            return {name: names(each) for name, each in value.items()}
        return type(value)

    assert names(light) == names(dark)
    assert light != dark
    assert light["layout"]["margin"] == dark["layout"]["margin"]


def test_every_chart_stands_in_one_section_and_has_its_table():
    shown = [name for _, names in SECTIONS.values() for name in names]
    assert sorted(shown) == sorted(CHARTS)
    assert set(CHARTS) | {"key-figures"} == set(TABLES)
    assert set(charttables.COLUMNS) == set(CHARTS)
