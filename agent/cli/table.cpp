#include "agent/cli/table.hpp"

#include <algorithm>

#include "agent/cli/text.hpp"

namespace metalwright::agent::cli {
namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t least_wrapped = 20;  // narrower than this, wrapping helps nobody

void trim_end(std::string& line) {
    while (line.ends_with(' ')) line.pop_back();
}

}  // namespace

std::string Table::render(const Style& style, std::size_t width) const {
    std::vector<std::vector<Cell>> lines;
    lines.reserve(rows_.size() + 1);
    std::vector<Cell> titles;
    for (const Column& column : columns_) titles.push_back({column.title, Tone::heading});
    lines.push_back(std::move(titles));
    for (const std::vector<Cell>& row : rows_) {
        lines.push_back(row);
        for (Cell& cell : lines.back()) cell.text = printable(cell.text);
    }

    std::vector<std::size_t> shown;
    std::vector<std::size_t> widths(columns_.size());
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        const bool any = std::any_of(lines.begin() + 1, lines.end(),
                                     [i](const auto& line) { return !line[i].text.empty(); });
        if (columns_[i].optional && !any) continue;
        shown.push_back(i);
        for (const auto& line : lines) widths[i] = std::max(widths[i], columns(line[i].text));
    }

    std::size_t indent = 0;
    for (std::size_t n = 0; n + 1 < shown.size(); ++n) indent += widths[shown[n]] + gap;
    const bool wrapped = width >= indent + least_wrapped;

    std::string text;
    for (const auto& line : lines) {
        std::string printed;
        for (const std::size_t i : shown) {
            const bool last = i == shown.back();
            const Cell& cell = line[i];
            if (last && wrapped && !columns_[i].right) {
                const std::vector<std::string> parts = wrap(cell.text, width - indent);
                printed += style(cell.tone, parts.front());
                for (std::size_t part = 1; part < parts.size(); ++part)
                    printed += "\n" + std::string(indent, ' ') + style(cell.tone, parts[part]);
                continue;
            }
            const std::string blanks(widths[i] - columns(cell.text), ' ');
            const std::string coloured = style(cell.tone, cell.text);
            printed += columns_[i].right ? blanks + coloured : coloured + blanks;
            if (!last) printed += std::string(gap, ' ');
        }
        trim_end(printed);
        text += printed + "\n";
    }
    return text;
}

std::string facts(const std::vector<std::pair<std::string, Cell>>& lines, const Style& style) {
    std::size_t widest = 0;
    for (const auto& [name, cell] : lines)
        if (!cell.text.empty()) widest = std::max(widest, columns(name));
    std::string text;
    for (const auto& [name, cell] : lines) {
        if (cell.text.empty()) continue;
        text += name + std::string(widest - columns(name) + gap, ' ') +
                style(cell.tone, printable(cell.text)) + "\n";
    }
    return text;
}

}  // namespace metalwright::agent::cli
