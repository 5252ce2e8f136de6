#include "ollama_bench/machine/conditions.h"

#include <gtest/gtest.h>

#include "support/temporary_folder.h"

namespace ollama_bench {
namespace {

class PowerTest : public testing::Test {
 protected:
  void Save(const std::string& file, const std::string& text) const {
    std::filesystem::create_directories((sysfs_ / file).parent_path());
    sysfs_.Write(file, text + "\n");
  }
  void AddSupply(const std::string& name, const std::string& type,
                 const std::string& status) const {
    Save("class/power_supply/" + name + "/type", type);
    Save("class/power_supply/" + name + "/status", status);
  }

  TemporaryFolder sysfs_;
};

TEST_F(PowerTest, NamesEachGovernorOnce) {
  for (const auto& [cpu, governor] :
       {std::pair("cpu0", "powersave"), std::pair("cpu1", "powersave"),
        std::pair("cpu2", "performance")}) {
    Save(std::string("devices/system/cpu/") + cpu + "/cpufreq/scaling_governor", governor);
  }
  EXPECT_EQ(ReadPowerState(sysfs_.path()).governors,
            (std::vector<std::string>{"performance", "powersave"}));
}

TEST_F(PowerTest, IsOnBatteryWhileOneIsEmptied) {
  AddSupply("AC", "Mains", "");
  AddSupply("BAT0", "Battery", "Charging");
  EXPECT_FALSE(ReadPowerState(sysfs_.path()).on_battery);
  AddSupply("BAT1", "Battery", "Discharging");
  EXPECT_TRUE(ReadPowerState(sysfs_.path()).on_battery);
}

TEST_F(PowerTest, TheBatteryOfAMouseIsNotTheMachines) {
  AddSupply("mouse", "Battery", "Discharging");
  Save("class/power_supply/mouse/scope", "Device");
  EXPECT_FALSE(ReadPowerState(sysfs_.path()).on_battery);
}

TEST_F(PowerTest, SaysNothingWhereTheSystemDoesNot) {
  const PowerState state = ReadPowerState(sysfs_ / "none");
  EXPECT_TRUE(state.governors.empty());
  EXPECT_FALSE(state.on_battery);
}

}  // namespace
}  // namespace ollama_bench
