// SPDX-License-Identifier: Apache-2.0
// Proves that a target can fail: built with GFTCORE_FUZZ_PLANT, it spoils the answers of one site
// after the other and asks that each is noticed.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "bytes.hpp"
#include "check.hpp"
#include "plant.hpp"
#include "target.hpp"

namespace gftcore::fuzz {
namespace {

std::set<std::string> sites;
std::string planted;  // no site has an empty name

/// Whether one of the inputs makes the target report a difference.
bool notices(int inputs) {
  for (int i = 0; i < inputs; ++i) {
    Random random(static_cast<std::uint64_t>(i));
    std::vector<std::uint8_t> input(static_cast<std::size_t>(12 + random.below(180)));
    for (std::uint8_t& byte : input) byte = static_cast<std::uint8_t>(random.next());
    try {
      run(input);
    } catch (const Difference& difference) {
      if (planted.empty()) std::printf("without a bug: %s\n", difference.what());
      return true;
    }
  }
  return false;
}

}  // namespace

bool is_planted(const std::string& site) {
  sites.insert(site);
  return site == planted;
}

}  // namespace gftcore::fuzz

int main(int argc, char** argv) {
  using namespace gftcore::fuzz;
  const int inputs = argc > 1 ? std::atoi(argv[1]) : 2000;
  const std::string name = std::filesystem::path(*argv).filename().string();
  if (notices(inputs)) return 1;
  int missed = sites.empty() ? 1 : 0;
  const std::set<std::string> all = sites;
  for (const std::string& site : all) {
    planted = site;
    if (notices(inputs)) continue;
    std::printf("not noticed: %s\n", site.c_str());
    ++missed;
  }
  std::printf("%s: %zu planted bugs, %d not noticed\n", name.c_str(), all.size(), missed);
  return missed == 0 ? 0 : 1;
}
