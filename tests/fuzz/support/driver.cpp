// SPDX-License-Identifier: Apache-2.0
// Runs a target without libFuzzer: files and folders named on the command line, then generated
// inputs. The input at work when the program dies is left in the folder of --artifacts.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "bytes.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));

namespace {

using Input = std::vector<std::uint8_t>;

constexpr unsigned kSecondsPerInput = 60;

// Read by the handlers, so they are plain.
const std::uint8_t* current = nullptr;
std::size_t current_size = 0;
char artifact[4096] = "crash";  // NOLINT(modernize-avoid-c-arrays)

void keep_current_input() {
  if (current == nullptr) return;
  const int file = ::open(artifact, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0) return;
  if (::write(file, current, current_size) >= 0) {
    static_cast<void>(!::write(STDERR_FILENO, "input kept in ", 14));
    static_cast<void>(!::write(STDERR_FILENO, artifact, std::strlen(artifact)));
    static_cast<void>(!::write(STDERR_FILENO, "\n", 1));
  }
  ::close(file);
  current = nullptr;
}

extern "C" void on_signal(int number) {
  if (number == SIGALRM) static_cast<void>(!::write(STDERR_FILENO, "FOUND: too slow\n", 16));
  keep_current_input();
  std::signal(number, SIG_DFL);
  std::raise(number);
}

void install_handlers() {
  for (const int number : {SIGABRT, SIGALRM}) std::signal(number, on_signal);
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(keep_current_input);
  } else {
    for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(number, on_signal);
  }
}

void run(const Input& input) {
  current = input.data();
  current_size = input.size();
  ::alarm(kSecondsPerInput);
  LLVMFuzzerTestOneInput(input.data(), input.size());
  ::alarm(0);
  current = nullptr;
}

std::vector<std::filesystem::path> files_below(const char* path) {
  if (!std::filesystem::is_directory(path)) return {path};
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

Input read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    std::fprintf(stderr, "cannot read %s\n", path.c_str());
    std::exit(2);
  }
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

/// Bytes without structure: the targets give structure to any bytes.
Input random_input(std::uint64_t seed) {
  gftcore::fuzz::Random random(seed);
  Input input(static_cast<std::size_t>(12 + random.below(180)));
  for (std::uint8_t& byte : input) byte = static_cast<std::uint8_t>(random.next());
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t count = 0;
  std::uint64_t seed = 1;
  std::size_t files = 0;
  std::string folder = ".";
  std::vector<const char*> paths;
  for (int i = 1; i < argc; ++i) {
    const std::string text = argv[i];
    const bool known = text == "--random" || text == "--seed" || text == "--artifacts";
    if (!known || i + 1 == argc) {
      if (text.starts_with("--")) {
        std::fprintf(
            stderr, "usage: %s [--random N] [--seed S] [--artifacts DIR] [PATH ..]\n", *argv);
        return 2;
      }
      paths.push_back(argv[i]);
      continue;
    }
    const char* value = argv[++i];
    if (text == "--random") count = std::strtoull(value, nullptr, 10);
    if (text == "--seed") seed = std::strtoull(value, nullptr, 10);
    if (text == "--artifacts") folder = value;
  }
  const std::string name = std::filesystem::path(*argv).filename().string();
  const auto set_artifact = [&](const std::string& what) {
    std::snprintf(
        artifact, sizeof artifact, "%s/%s-%s", folder.c_str(), name.c_str(), what.c_str());
  };
  install_handlers();
  const auto began = std::chrono::steady_clock::now();
  for (const char* path : paths) {
    for (const auto& file : files_below(path)) {
      set_artifact(file.filename().string());
      run(read_file(file));
      ++files;
    }
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    set_artifact("seed-" + std::to_string(seed + i));
    run(random_input(seed + i));
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - began;
  std::printf("%s: %zu executions, nothing found, %.1f s\n",
              name.c_str(),
              files + static_cast<std::size_t>(count),
              seconds.count());
  return 0;
}
