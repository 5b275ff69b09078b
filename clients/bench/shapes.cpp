#include "clients/bench/shapes.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "clients/format.hpp"

namespace muster::clients::bench {
namespace {

uint32_t given(uint32_t number, uint32_t otherwise) {
  return number > 0 ? number : otherwise;
}

uint32_t size_of(const std::vector<Shape::Stream>& streams) {
  return static_cast<uint32_t>(streams.size());
}

// Few publish, many subscribe to all of it.
Shape fan_out(const Options& options) {
  Shape shape;
  shape.publishers = given(options.publishers, 1);
  const uint32_t topics = std::max(options.topics, shape.publishers);
  for (uint32_t i = 0; i < topics; ++i) {
    shape.streams.push_back({fmt::format("bench/out/{}", i), i % shape.publishers});
  }
  const std::string filter = topics == 1 ? shape.streams[0].topic : "bench/out/+";
  shape.subscribers.assign(given(options.subscribers, 50), {filter, 0, topics});
  return shape;
}

// Many publish, each to topics of its own; few subscribe to all of it.
Shape fan_in(const Options& options) {
  Shape shape;
  shape.publishers = given(options.publishers, 50);
  const uint32_t topics = std::max(options.topics, shape.publishers);
  for (uint32_t i = 0; i < topics; ++i) {
    shape.streams.push_back({fmt::format("bench/in/{}", i), i % shape.publishers});
  }
  shape.subscribers.assign(given(options.subscribers, 1), {"bench/in/+", 0, topics});
  return shape;
}

// Each publisher has a subscriber; with more topics than pairs each pair has several.
Shape pairs(const Options& options) {
  Shape shape;
  shape.publishers = given(options.publishers, options.scenario == "latency" ? 10 : 50);
  const uint32_t each = std::max(1u, options.topics / shape.publishers);
  for (uint32_t pair = 0; pair < shape.publishers; ++pair) {
    const uint32_t first = size_of(shape.streams);
    for (uint32_t i = 0; i < each; ++i) {
      shape.streams.push_back({fmt::format("bench/pair/{}/{}", pair, i), pair});
    }
    const std::string topic = shape.streams[first].topic;
    shape.subscribers.push_back(
        {each == 1 ? topic : fmt::format("bench/pair/{}/+", pair), first, each});
  }
  return shape;
}

// Sites with devices that measure things, and subscribers that want a site, a device, a kind of
// measurement, or one topic: some eight of a hundred subscribers get a message.
Shape wildcards(const Options& options) {
  Shape shape;
  shape.publishers = given(options.publishers, 10);
  const uint32_t topics = std::max(given(options.topics, 1000), shape.publishers);
  const uint32_t devices = std::max(1u, topics / 10);
  for (uint32_t i = 0; i < topics; ++i) {
    shape.streams.push_back(
        {fmt::format("bench/s{}/d{}/m{}", i % 10, i / 10, (i + i / 10) % 4), i % shape.publishers});
  }
  for (uint32_t i = 0; i < given(options.subscribers, 100); ++i) {
    const uint32_t n = i / 5;
    const std::string filters[] = {
        fmt::format("bench/s{}/#", n % 10), fmt::format("bench/+/d{}/+", n % devices),
        fmt::format("bench/+/+/m{}", n % 4), fmt::format("+/s{}/+/m{}", n % 10, n % 4),
        shape.streams[size_t{n} * 37 % topics].topic};
    shape.subscribers.push_back({filters[i % 5], 0, topics});
  }
  return shape;
}

}  // namespace

std::vector<uint32_t> Shape::receivers() const {
  std::vector<uint32_t> counts(streams.size());
  for (const Subscriber& subscriber : subscribers) {
    for (uint32_t i = subscriber.first_stream; i < subscriber.first_stream + subscriber.streams;
         ++i) {
      if (topic_matches(subscriber.filter, streams[i].topic)) ++counts[i];
    }
  }
  return counts;
}

Shape shape_of(const Options& options) {
  if (options.scenario == "fan-out") return fan_out(options);
  if (options.scenario == "fan-in") return fan_in(options);
  if (options.scenario == "wildcards") return wildcards(options);
  return pairs(options);
}

}  // namespace muster::clients::bench
