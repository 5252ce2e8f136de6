#include "ollama_bench/render/distribution_scene.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "heatmap_axes.h"
#include "heatmap_palette.h"
#include "heatmap_plot.h"
#include "number_format.h"
#include "ollama_bench/core/text.h"
#include "picture_header.h"
#include "scene_builder.h"
#include "text_fit.h"

namespace ollama_bench {
namespace {

// Three significant digits, never with an exponent.
std::string ThreeDigits(double value) {
  return std::abs(value) >= 100 ? fmt::format("{:.0f}", value) : fmt::format("{:.3g}", value);
}

constexpr double kPlotWidth = 400;
constexpr double kHistogramHeight = 200;
constexpr double kEcdfHeight = 200;
constexpr double kLabelSize = 12;
constexpr double kLabelLine = 16;
constexpr double kLabelGap = 8;
constexpr double kLabelRoom = 56;  // left of a plot
constexpr double kColumnGap = 36;
constexpr double kPlotGap = 34;  // between histogram and ECDF, for the name of the latter
constexpr double kTickLength = 5;
constexpr double kTitleSize = 18;
constexpr double kTitleLine = 26;
constexpr double kDetailSize = 13;
constexpr double kDetailLine = 19;
constexpr const char* kNote =
    "Dots on the curve: p50, p90, p95 and p99 with their 95 % CI from order statistics, as far as "
    "the number of values bounds them.";

/// Values across: at the left edge `low`, at the right one `high`.
struct Scale {
  double low = 0;
  double high = 1;
  std::vector<double> ticks;
  std::vector<std::string> labels;

  [[nodiscard]] double At(const Box& plot, double value) const {
    return plot.x + plot.width * std::clamp((value - low) / (high - low), 0.0, 1.0);
  }
};

struct Bins {
  double begin = 0;
  double width = 1;
  std::vector<std::size_t> counts;
};

// Freedman and Diaconis, 1981; at least a few, and no more than can be seen.
Bins BinsOf(const std::vector<double>& values) {
  constexpr double kFewest = 5;
  constexpr double kMost = 50;
  const double span = values.back() - values.front();
  Bins bins;
  bins.begin = values.front();
  if (!(span > 0)) {
    bins.width = std::max(std::fabs(values.front()) * 0.02, 1e-9);
    bins.begin -= bins.width / 2;
    bins.counts = {values.size()};
    return bins;
  }
  const auto at = [&values](double share) {
    return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
  };
  const double wished = 2 * (at(0.75) - at(0.25)) / std::cbrt(static_cast<double>(values.size()));
  const double count = std::clamp(wished > 0 ? std::ceil(span / wished) : kMost, kFewest, kMost);
  bins.width = span / count;
  bins.counts.resize(static_cast<std::size_t>(count));
  for (const double value : values) {
    const auto place = static_cast<std::size_t>((value - bins.begin) / bins.width);
    ++bins.counts[std::min(place, bins.counts.size() - 1)];
  }
  return bins;
}

// From the first bin of all to the last one.
Scale ScaleOf(const std::vector<Bins>& all, const Font& font) {
  constexpr int kMostTicks = 7;
  Scale scale;
  double begin = all.front().begin;
  double end = begin;
  for (const Bins& bins : all) {
    begin = std::min(begin, bins.begin);
    end = std::max(end, bins.begin + bins.width * static_cast<double>(bins.counts.size()));
  }
  const double span = end - begin;
  scale.low = begin - 0.03 * span;
  scale.high = begin + 1.03 * span;
  for (int most = kMostTicks; most >= 2; --most) {
    scale.ticks = RoundTicks(scale.low, scale.high, most);
    const NumberFormat format =
        scale.ticks.size() > 1 ? FormatForTicks(scale.ticks) : NumberFormat{2};
    scale.labels.clear();
    double room = 0;
    for (const double tick : scale.ticks) {
      scale.labels.push_back(format(tick));
      room += font.Width(scale.labels.back(), kLabelSize) + kLabelGap;
    }
    if (room <= kPlotWidth) break;
  }
  return scale;
}

class DistributionPainter {
 public:
  DistributionPainter(const std::vector<Distribution>& figures, const DistributionCaption& caption,
                      const Font& font)
      : figures_(figures), caption_(caption), font_(font), scene_(font) {}

  Scene Draw() {
    const auto columns = static_cast<double>(figures_.size());
    width_ = 2 * kMargin + columns * (kLabelRoom + kPlotWidth) + (columns - 1) * kColumnGap;
    std::vector<std::vector<std::string>> headings;
    std::size_t lines = 1;
    for (std::size_t i = 0; i < figures_.size(); ++i) {
      headings.push_back(HeadingOf(i));
      lines = std::max(lines, headings.back().size());
    }
    double top =
        DrawHeader() + kHeaderGap + static_cast<double>(lines) * kAxisNameLine + kAxisNameGap;
    std::vector<Bins> bins;
    for (const Distribution& figure : figures_) bins.push_back(BinsOf(figure.values));
    for (std::size_t i = 0; i < figures_.size(); ++i) {
      const double left = kMargin + static_cast<double>(i) * (kLabelRoom + kPlotWidth + kColumnGap);
      const Scale across =
          caption_.names.empty() ? ScaleOf({bins[i]}, font_) : ScaleOf(bins, font_);
      DrawAbove({left + kLabelRoom, top, kPlotWidth, 0}, headings[i]);
      DrawColumn(i, bins[i], across, {left + kLabelRoom, top});
    }
    top += PlotsHeight() + kLabelGap + kLabelLine + kAxisNameBelow;
    if (!caption_.has_ecdf) return scene_.Finish(width_, top + kMargin, caption_.title);
    const std::vector<std::string> notes = WrapNotes({kNote}, width_ - 2 * kMargin, font_);
    DrawNotes(scene_, notes, {kMargin, top + kLegendGap}, width_ - 2 * kMargin);
    const double height = top + kLegendGap + NotesHeight(notes) + kMargin;
    return scene_.Finish(width_, height, caption_.title);
  }

 private:
  double DrawHeader() {
    const double room = width_ - 2 * kMargin;
    double top = kMargin;
    for (const std::string& line : WrapWords(font_, caption_.title, kTitleSize, room, 2)) {
      scene_.Text({kMargin, top, room, kTitleLine}, line, {kTitleSize, palette::kTitle});
      top += kTitleLine;
    }
    for (const std::string& line :
         WrapPhrases(font_, caption_.details, " · ", kDetailSize, room, 2)) {
      scene_.Text({kMargin, top, room, kDetailLine}, line, {kDetailSize, palette::kQuiet});
      top += kDetailLine;
    }
    return top;
  }

  [[nodiscard]] double PlotsHeight() const {
    if (!caption_.has_ecdf) return kHistogramHeight;
    return caption_.has_histogram ? kHistogramHeight + kPlotGap + kEcdfHeight : kEcdfHeight;
  }

  void DrawColumn(std::size_t place, const Bins& bins, const Scale& across, Point top_left) {
    const Distribution& figure = figures_[place];
    Box plot{top_left.x, top_left.y, kPlotWidth, kHistogramHeight};
    if (caption_.has_histogram) DrawHistogram(figure, bins, across, plot);
    if (caption_.has_ecdf) {
      if (caption_.has_histogram) {
        plot.y = plot.bottom() + kPlotGap;
        plot.height = kEcdfHeight;
        DrawAbove(plot, {ShareOfValues()});
      }
      DrawEcdf(figure, across, plot);
    }
    scene_.Text({plot.x, plot.bottom() + kLabelGap + kLabelLine + 4, plot.width, kAxisNameLine},
                fmt::format("{} ({})", figure.label, figure.unit),
                {kAxisNameSize, palette::kQuiet, Anchor::kMiddle});
  }

  [[nodiscard]] std::string ShareOfValues() const {
    return fmt::format("share of {} up to this value", caption_.noun);
  }

  // "E2E: 72 requests, mean 1.2, sd 0.3"; a name of its own is a line or two before that.
  [[nodiscard]] std::vector<std::string> HeadingOf(std::size_t place) const {
    constexpr std::size_t kMostNameLines = 4;
    const Distribution& figure = figures_[place];
    std::vector<std::string> lines;
    if (!caption_.names.empty()) {
      lines = WrapWords(font_, caption_.names[place], kAxisNameSize, kPlotWidth, kMostNameLines);
    }
    const std::string spread =
        figure.deviation ? fmt::format(", sd {}", ThreeDigits(*figure.deviation)) : std::string();
    lines.push_back(fmt::format(
        "{}{} {}, mean {}{}", caption_.names.empty() ? fmt::format("{}: ", figure.label) : "",
        figure.values.size(), caption_.noun, ThreeDigits(figure.mean), spread));
    if (!caption_.has_histogram) lines.push_back(ShareOfValues());
    return lines;
  }

  void DrawHistogram(const Distribution& figure, const Bins& bins, const Scale& across,
                     const Box& plot) {
    const std::size_t most = *std::max_element(bins.counts.begin(), bins.counts.end());
    const double top = 1.06 * static_cast<double>(most);
    std::vector<double> ticks = RoundTicks(0, top, 5);
    std::erase_if(ticks, [](double tick) { return tick != std::floor(tick); });
    DrawFrame(plot, ticks, top, [](double tick) { return fmt::format("{:.0f}", tick); });
    for (std::size_t i = 0; i < bins.counts.size(); ++i) {
      if (bins.counts[i] == 0) continue;
      const double from = bins.begin + static_cast<double>(i) * bins.width;
      const double left = across.At(plot, from);
      const double right = across.At(plot, from + bins.width);
      const double height = plot.height * static_cast<double>(bins.counts[i]) / top;
      const double gap = right - left > 4 ? 0.5 : 0;
      scene_.Fill({left + gap, plot.bottom() - height, right - left - 2 * gap, height},
                  palette::kRecommended,
                  fmt::format("{:.4g} to {:.4g} {}: {}", from, from + bins.width, figure.unit,
                              bins.counts[i]));
    }
    DrawTicksAcross(across, plot, /*with_labels=*/!caption_.has_ecdf);
  }

  void DrawEcdf(const Distribution& figure, const Scale& across, const Box& plot) {
    DrawFrame(plot, {0, 0.25, 0.5, 0.75, 1}, 1.04,
              [](double tick) { return fmt::format("{:.0f} %", 100 * tick); });
    const auto y = [&plot](double share) { return plot.bottom() - plot.height * share / 1.04; };
    Polyline steps = {{plot.x, y(0)}};
    const auto n = static_cast<double>(figure.values.size());
    for (std::size_t i = 0; i < figure.values.size(); ++i) {
      const double x = across.At(plot, figure.values[i]);
      steps.push_back({x, y(static_cast<double>(i) / n)});
      steps.push_back({x, y(static_cast<double>(i + 1) / n)});
    }
    steps.push_back({plot.right(), y(1)});
    scene_.Path({{steps}, false, std::nullopt, Stroke{palette::kRecommended, 2}});
    for (const Distribution::Share& share : figure.quantiles) {
      if (share.quantile) DrawQuantile(share, across, plot, y(share.percent / 100.0), figure.unit);
    }
    DrawTicksAcross(across, plot, /*with_labels=*/true);
  }

  void DrawQuantile(const Distribution::Share& share, const Scale& across, const Box& plot,
                    double y, std::string_view unit) {
    constexpr double kDot = 6;
    const Quantile& quantile = *share.quantile;
    const double low = across.At(plot, quantile.interval.low);
    const double high = across.At(plot, quantile.interval.high);
    scene_.Line({low, y}, {high, y}, {palette::kOutline, 1.5});
    for (const double end : {low, high}) {
      scene_.Line({end, y - 4}, {end, y + 4}, {palette::kOutline, 1.5});
    }
    const double middle = across.At(plot, quantile.value);
    scene_.Fill({middle - kDot / 2, y - kDot / 2, kDot, kDot}, palette::kOutline,
                fmt::format("p{}: {:.4g} {}, 95 % CI [{:.4g}, {:.4g}]", share.percent,
                            quantile.value, unit, quantile.interval.low, quantile.interval.high));
  }

  template <class Label>
  void DrawFrame(const Box& plot, const std::vector<double>& ticks, double top,
                 const Label& label) {
    for (const double tick : ticks) {
      const double y = plot.bottom() - plot.height * tick / top;
      const bool is_foot = tick == 0;
      scene_.Line({plot.x, y}, {plot.right(), y},
                  {is_foot ? palette::kTick : palette::kUntestedLine, 1});
      scene_.Text({plot.x - kLabelRoom, y - kLabelLine / 2, kLabelRoom - kLabelGap, kLabelLine},
                  label(tick), {kLabelSize, palette::kText, Anchor::kEnd});
    }
  }

  void DrawTicksAcross(const Scale& across, const Box& plot, bool with_labels) {
    for (std::size_t i = 0; i < across.ticks.size(); ++i) {
      const double x = across.At(plot, across.ticks[i]);
      scene_.Line({x, plot.bottom()}, {x, plot.bottom() + kTickLength}, {palette::kTick, 1});
      if (!with_labels) continue;
      const double width = std::ceil(font_.Width(across.labels[i], kLabelSize));
      scene_.Text({x - width / 2, plot.bottom() + kLabelGap, width, kLabelLine}, across.labels[i],
                  {kLabelSize, palette::kText, Anchor::kMiddle});
    }
  }

  void DrawAbove(const Box& plot, const std::vector<std::string>& lines) {
    double top = plot.y - static_cast<double>(lines.size()) * kAxisNameLine - 4;
    for (const std::string& line : lines) {
      scene_.Text({plot.x, top, plot.width, kAxisNameLine}, line, {kAxisNameSize, palette::kQuiet});
      top += kAxisNameLine;
    }
  }

  const std::vector<Distribution>& figures_;
  const DistributionCaption& caption_;
  const Font& font_;
  SceneBuilder scene_;
  double width_ = 0;
};

}  // namespace

Scene LayOutDistributions(const std::vector<Distribution>& figures,
                          const DistributionCaption& caption, const Font& font) {
  return DistributionPainter(figures, caption, font).Draw();
}

}  // namespace ollama_bench
