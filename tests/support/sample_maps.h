#pragma once

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ollama_bench/analysis/sweep_map.h"
#include "ollama_bench/render/sweep_caption.h"
#include "support/sample_tables.h"

namespace ollama_bench {

inline MapCell MeasuredCell(double value, double half_width = 0.05) {
  MapCell cell;
  cell.kind = MapCell::Kind::kMeasured;
  cell.value = cell.raw = value;
  cell.low = value * (1 - half_width);
  cell.high = value * (1 + half_width);
  cell.loads = 3;
  return cell;
}

inline MapCell FailedCell(FailureKind kind, std::string message = {}) {
  MapCell cell;
  cell.kind = MapCell::Kind::kFailed;
  cell.failure = kind;
  cell.message = std::move(message);
  return cell;
}

inline MapCell CellOfKind(MapCell::Kind kind) {
  MapCell cell = kind == MapCell::Kind::kEstimated ? MeasuredCell(100) : MapCell();
  cell.kind = kind;
  if (kind == MapCell::Kind::kFailed) cell.failure = FailureKind::kTimeout;
  if (kind == MapCell::Kind::kExcluded) cell.excluded = Exclusion::kWrongContext;
  if (kind == MapCell::Kind::kAlias) cell.alias_of = Cell{2048, 128};
  return cell;
}

/// A map of these cells, row after row; losses against the highest value, of which those below 2 %
/// are contenders and not significant, and the best one is recommended.
inline SweepMap MapOfCells(int columns, int rows, std::vector<MapCell> cells) {
  SweepMap map;
  map.grid = MakeGrid(columns, rows);
  map.cells = std::move(cells);
  map.title = "Recommended: this setting.";
  double best = 0;
  for (const MapCell& cell : map.cells) {
    if (cell.kind == MapCell::Kind::kMeasured) best = std::max(best, cell.value);
  }
  for (std::size_t i = 0; i < map.cells.size(); ++i) {
    MapCell& cell = map.cells[i];
    if (!cell.HasValue() || !(best > 0)) continue;
    cell.loss = std::max(0.0, 1 - cell.value / best);
    cell.is_worse = cell.loss > 0.02;
    cell.is_contender = cell.kind == MapCell::Kind::kMeasured && !cell.is_worse;
    if (cell.is_contender && cell.value == best) {
      map.recommended = {map.CellAt(i / map.column_count(), i % map.column_count())};
    }
  }
  return map;
}

/// Values from `low` to `high` in no order. With `with_gaps` there is also every other kind of
/// cell, failures of all kinds among them, as far as there is room. Every row and column has a
/// mean.
inline SweepMap MakeMap(int columns, int rows, bool with_gaps = false, double low = 76.4,
                        double high = 323.1) {
  using Kind = MapCell::Kind;
  constexpr Kind kGaps[] = {Kind::kUntested,       Kind::kEstimated, Kind::kFailed,
                            Kind::kExpectedToFail, Kind::kExcluded,  Kind::kAlias};
  const auto failures = AllFailureKinds();
  const int count = columns * rows;
  std::vector<MapCell> cells;
  for (int i = 0; i < count; ++i) {
    if (with_gaps && i % 3 == 1) {
      const auto number = static_cast<std::size_t>(i / 3);
      cells.push_back(CellOfKind(kGaps[number % 6]));
      if (cells.back().kind != Kind::kFailed) continue;
      cells.back().failure = failures[number / 6 % failures.size()].kind;
      cells.back().message = "no <room> & board";
      continue;
    }
    const int shuffled = static_cast<int>((static_cast<long>(i) * 7919) % count);
    const double share = count == 1 ? 1.0 : shuffled / (count - 1.0);
    cells.push_back(MeasuredCell(low + (high - low) * share, 0.001 * (1 + i % 50)));
  }
  SweepMap map = MapOfCells(columns, rows, std::move(cells));
  map.notes = {"Noise: 0.9 % between loads."};
  for (int i = 0; i < columns; ++i)
    map.columns.push_back(MarginEffect{-0.4 * i, -0.5 * i, -0.2 * i});
  for (int i = 0; i < rows; ++i) map.rows.push_back(MarginEffect{-1.5 * i, -1.7 * i, -1.2 * i});
  map.current = {map.CellAt(0, 0)};
  return map;
}

/// The same with the current setting outside the grid.
inline SweepMap WithCurrentOffGrid(SweepMap map) {
  map.current = {Cell{1000, 100}};
  map.current_off_grid = MeasuredCell(70);
  map.current_off_grid->loss = 0.3;
  map.current_off_grid->is_worse = true;
  return map;
}

/// With names that fit into no line, and both warnings.
inline SweepCaption LongCaption() {
  SweepCaption caption;
  caption.model = "hf.co/" + std::string(180, 'm') + "/name:q8_0";
  caption.ollama_version = "0.11.4";
  caption.hardware = "5 x " + std::string(150, 'G') + ", NVIDIA RTX A4000";
  caption.date = "2026-11-21";
  caption.prompt_tokens = 123456;
  caption.replayed = true;
  caption.mixed = true;
  return caption;
}

/// `count` such maps, each held at another num_gpu and, with `names` above 1, at more parameters.
/// One of them has the best cell; the current setting is another's.
inline std::vector<SweepMap> MakeFacets(int count, const SweepMap& map, int names = 1) {
  std::vector<SweepMap> maps;
  for (int i = 0; i < count; ++i) {
    maps.push_back(map);
    Cell& fixed = maps.back().grid.fixed;
    fixed.Set(Parameter::kNumGpu, i);
    if (names > 1) fixed.Set(Parameter::kUseMmap, i % 2);
    if (names > 2) fixed.Set(Parameter::kNumPredict, 1'000'000'000 + i);
    if (i > 0) maps.back().title.clear();
    if (i > 0) maps.back().notes.clear();
  }
  const auto in_facet = [](std::set<Cell>& marked, const SweepMap& facet) {
    if (marked.empty()) return;
    const Cell cell = *marked.begin();
    marked = {facet.grid.fixed.With(facet.grid.across.parameter, cell[facet.grid.across.parameter])
                  .With(facet.grid.down.parameter, cell[facet.grid.down.parameter])};
  };
  for (SweepMap& facet : maps) {
    in_facet(facet.recommended, maps.back());
    in_facet(facet.current, maps.front());
  }
  return maps;
}

}  // namespace ollama_bench
