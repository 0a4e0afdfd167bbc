#pragma once

#include <cstddef>

namespace metalwright::agent::metrics {

/// Metrics are made by a module of their own, loaded when they are first asked for: the library
/// that does it is C++, and would bring a second C++ library into a daemon that may never be asked.
/// So what both sides share is C: bytes, and a function that takes them.
///
///   int metalwright_metrics(const char* status, size_t size, Take take, void* context)
///
/// gives `take` the metrics of a status (Desk::status()), once, and returns 0; else it returns -1,
/// for want of memory, and gives nothing.
constexpr const char* module_file = "metalwright-metrics.so";
constexpr const char* module_function = "metalwright_metrics";
using Take = void (*)(void* context, const char* bytes, std::size_t size);
using MakeMetrics = int (*)(const char* status, std::size_t size, Take take, void* context);

}  // namespace metalwright::agent::metrics
