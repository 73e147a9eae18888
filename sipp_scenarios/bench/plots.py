"""Pictures for the report: a plot of a section as SVG that stands in the page itself."""

import re
from typing import Any, Final

from sipp_scenarios.bench.drawing import Style, pygal
from sipp_scenarios.bench.section import Plot

_SCRIPT: Final = re.compile(
    r"<script.*?</script>", re.DOTALL
)  # pygal's own, for tooltips that it fetches from elsewhere
_STYLE: Final = Style(
    background="white", plot_background="white", font_family="sans-serif", label_font_size=11, major_label_font_size=11,
    legend_font_size=12, title_font_size=14, stroke_width=2.0,
    colors=("#1f6feb", "#d1570a", "#1a7f37", "#8250df", "#9a6700", "#cf222e", "#57606a", "#0a7ea4", "#b35900", "#444"),
)  # fmt: skip
_SIZE: Final = {"width": 720, "height": 380}


def svg(plot: Plot) -> str:
    """Return the picture."""
    many = len(plot.series) > 4
    options: dict[str, Any] = {
        **_SIZE, "style": _STYLE, "title": plot.caption, "x_title": plot.x or None, "y_title": plot.y, "js": (),
        "logarithmic": plot.log, "legend_at_bottom": not many, "legend_at_bottom_columns": 4, "truncate_legend": 40,
        "disable_xml_declaration": True, "human_readable": True, "show_minor_y_labels": True, "explicit_size": True,
        "dots_size": 2.5, "include_x_axis": not plot.log,
    }  # fmt: skip
    chart: Any = pygal.XY(**options) if plot.kind == "lines" else pygal.Bar(**options)
    if plot.kind == "bars":
        chart.x_labels = list(dict.fromkeys(str(label) for each in plot.series for label, _ in each.points))
    for each in plot.series:
        if plot.kind == "lines":
            chart.add(each.name, sorted((float(x), y) for x, y in each.points))
        else:
            values = {str(label): value for label, value in each.points}
            chart.add(each.name, [values.get(label) for label in chart.x_labels])
    return _SCRIPT.sub("", str(chart.render(is_unicode=True)))
