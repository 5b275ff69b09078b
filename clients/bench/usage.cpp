#include "clients/bench/usage.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "clients/connection.hpp"

namespace muster::clients::bench {
namespace {

const double tick_s = 1.0 / static_cast<double>(sysconf(_SC_CLK_TCK));

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Field `number` (from 3 on) of /proc/PID/stat: they follow the name, which stands in brackets.
struct Stat {
  double cpu_s = 0;
  uint64_t resident_pages = 0;
};
Stat stat_of(const std::string& text) {
  std::istringstream rest(text.substr(text.rfind(')') + 1));
  std::string field;
  Stat stat;
  for (int number = 3; number <= 24 && rest >> field; ++number) {
    if (number == 14 || number == 15) stat.cpu_s += std::stod(field) * tick_s;
    if (number == 24) stat.resident_pages = std::stoull(field);
  }
  return stat;
}

// The scheduler's own sum in nanoseconds, but only of threads that still live.
double scheduled_s(const std::string& folder) {
  double nanoseconds = 0;
  std::error_code gone;
  for (const auto& thread : std::filesystem::directory_iterator(folder + "/task", gone)) {
    double one = 0;
    std::ifstream(thread.path() / "schedstat") >> one;
    nanoseconds += one;
  }
  return nanoseconds * 1e-9;
}

uint64_t peak_bytes(const std::string& folder) {
  const std::string status = text_of(folder + "/status");
  const size_t at = status.find("VmHWM:");
  return at == std::string::npos ? 0 : std::stoull(status.substr(at + 6)) * 1024;
}

}  // namespace

Usage usage_of(const std::vector<int>& pids) {
  Usage usage;
  for (const int pid : pids) {
    const std::string folder = "/proc/" + std::to_string(pid);
    const std::string stat_text = text_of(folder + "/stat");
    if (stat_text.empty()) throw Failure("there is no process " + std::to_string(pid));
    const Stat stat = stat_of(stat_text);
    // Ticks are coarse; the scheduler's sum is used unless a thread that ended is missing in it.
    const double fine = scheduled_s(folder);
    usage.cpu_s += fine > stat.cpu_s - 3 * tick_s ? fine : stat.cpu_s;
    usage.resident_bytes += stat.resident_pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
    usage.peak_bytes += peak_bytes(folder);
  }
  return usage;
}

double own_cpu_s() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double machine_cpu_s() {
  std::ifstream file("/proc/stat");
  std::string word;
  file >> word;
  double busy = 0;
  double ticks = 0;
  for (int column = 0; column < 7 && file >> ticks; ++column) {
    if (column != 3 && column != 4) busy += ticks;  // idle, waiting for disks
  }
  return busy * tick_s;
}

}  // namespace muster::clients::bench
