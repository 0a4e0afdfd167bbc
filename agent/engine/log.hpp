#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace metalwright::engine {

/// One structured field: OPERATION=7 in the journal, operation=7 at the end of a line on stderr.
using Field = std::pair<std::string_view, std::string>;
using Fields = std::vector<Field>;

enum class Level { debug, info, warn, error };

/// One line to the log. `error`: the operator must act; `warn`: an item failed or a document was
/// refused; `info`: an operation or step began or ended; `debug`: the rest.
void log(Level level, std::string_view message, Fields fields = {});

/// The fields of the line that is being logged on this thread, for a sink that can keep them.
const Fields& current_fields();

}  // namespace metalwright::engine
