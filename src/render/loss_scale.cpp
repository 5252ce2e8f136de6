#include "loss_scale.h"

#include <algorithm>
#include <array>
#include <limits>

namespace ollama_bench {
namespace {

constexpr double kNoEnd = std::numeric_limits<double>::infinity();

constexpr std::array kClasses = {
    LossClass{0.00, 0.02, {Rgb(0xCFE3D0), Rgb(0x274236)}},
    LossClass{0.02, 0.05, {Rgb(0xDDE2A0), Rgb(0x4D5A2A)}},
    LossClass{0.05, 0.10, {Rgb(0xF2CE7E), Rgb(0x846A24)}},
    LossClass{0.10, 0.20, {Rgb(0xE89C57), Rgb(0xBC7434)}},
    LossClass{0.20, 0.40, {Rgb(0xCB5F45), Rgb(0xE07C5E)}},
    LossClass{0.40, kNoEnd, {Rgb(0x86314A), Rgb(0xF3A3A8)}},
};

}  // namespace

std::span<const LossClass> LossClasses() {
  return kClasses;
}

const LossClass& LossClassOf(double loss) {
  const auto found = std::find_if(kClasses.begin(), kClasses.end(),
                                  [loss](const LossClass& step) { return loss < step.to; });
  return found == kClasses.end() ? kClasses.back() : *found;
}

}  // namespace ollama_bench
