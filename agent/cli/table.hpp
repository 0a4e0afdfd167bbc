#pragma once

#include <string>
#include <vector>

#include "agent/cli/style.hpp"

namespace metalwright::agent::cli {

struct Column {
    std::string title;
    bool right = false;     ///< numbers
    bool optional = false;  ///< left out when no row has anything in it
};

struct Cell {
    std::string text;
    Tone tone = Tone::plain;
};

/// Rows under headings. Cells are made printable() on their way out.
class Table {
 public:
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

    /// One cell a column.
    void row(std::vector<Cell> cells) { rows_.push_back(std::move(cells)); }
    bool empty() const noexcept { return rows_.empty(); }

    /// Columns two spaces apart, no blanks at the ends of lines. With a `width` above 0 the last
    /// column is wrapped to it; 0 is for pipes, where a row is a line.
    std::string render(const Style& style, std::size_t width) const;

 private:
    std::vector<Column> columns_;
    std::vector<std::vector<Cell>> rows_;
};

/// "host   h-1" lines: names in a column, then values; lines without a value are left out.
std::string facts(const std::vector<std::pair<std::string, Cell>>& lines, const Style& style);

}  // namespace metalwright::agent::cli
