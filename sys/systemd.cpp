#include "sys/systemd.hpp"

#include <string_view>

#include "core/hex.hpp"
#include "sys/dbus.hpp"

namespace metalwright::sys {
namespace {

constexpr const char* root_path = "/org/freedesktop/systemd1";
constexpr const char* unit_interface = "org.freedesktop.systemd1.Unit";
constexpr const char* service_interface = "org.freedesktop.systemd1.Service";

void put_strings(DbusWriter& out, const std::vector<std::string>& all) {
    const DbusWriter::Array array = out.begin_array(4);
    for (const std::string& one : all) out.string(one);
    out.end_array(array);
}

void put_value(DbusWriter& out, const TransientService::Value& value) {
    if (const auto* text = std::get_if<std::string>(&value)) {
        out.signature("s");
        out.string(*text);
    } else if (const auto* number = std::get_if<std::uint64_t>(&value)) {
        out.signature("t");
        out.uint64(*number);
    } else {
        out.signature("as");
        put_strings(out, std::get<std::vector<std::string>>(value));
    }
}

/// One command of one of the Exec*= settings.
void put_command(DbusWriter& out, const char* setting, const std::vector<std::string>& command) {
    if (command.empty()) return;
    out.structure();
    out.string(setting);
    out.signature("a(sasb)");
    const DbusWriter::Array commands = out.begin_array(8);
    out.structure();
    out.string(command.front());
    put_strings(out, command);
    out.boolean(false);  // a failure is one
    out.end_array(commands);
}

DbusCall start_call(const TransientService& service) {
    DbusCall call{.path = root_path,
                  .interface = "org.freedesktop.systemd1.Manager",
                  .member = "StartTransientUnit",
                  .signature = "ssa(sv)a(sa(sv))"};
    DbusWriter& out = call.arguments;
    out.string(service.name);
    out.string("fail");  // where a job of the unit is queued already
    const DbusWriter::Array properties = out.begin_array(8);
    for (const auto& [name, value] : service.properties) {
        out.structure();
        out.string(name);
        put_value(out, value);
    }
    put_command(out, "ExecStart", service.command);
    put_command(out, "ExecStopPost", service.after_the_end);
    out.end_array(properties);
    out.end_array(out.begin_array(8));  // no other units
    return call;
}

/// As systemd's own library encodes names of units: all but letters and digits as _xx, a digit that
/// comes first too.
std::string unit_path(const std::string& unit) {
    std::string path = std::string(root_path) + "/unit/";
    for (std::size_t i = 0; i < unit.size(); ++i) {
        const auto c = static_cast<unsigned char>(unit[i]);
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (letter || (i > 0 && c >= '0' && c <= '9'))
            path += unit[i];
        else
            append_hex(path += '_', c);
    }
    return path;
}

/// Reads properties of one unit, each of a type that is known beforehand; keeps the first error.
class Properties {
 public:
    Properties(DbusConnection& connection, const std::string& unit)
        : connection_(connection), path_(unit_path(unit)) {}

    std::string string(const char* interface, const char* name) {
        const std::string value = get(interface, name, "s");
        return value.empty() ? std::string() : DbusReader(value).string();
    }
    int int32(const char* interface, const char* name) {
        const std::string value = get(interface, name, "i");
        return value.empty() ? 0 : static_cast<int>(DbusReader(value).uint32());
    }
    /// Whether a job is queued: its number is not 0.
    bool has_job() {
        const std::string value = get(unit_interface, "Job", "(uo)");
        return !value.empty() && DbusReader(value).uint32() != 0;
    }
    Result<void> good() const { return good_; }

 private:
    /// The value behind the variant's signature, on a boundary of its own.
    std::string get(const char* interface, const char* name, std::string_view type) {
        if (!good_) return {};
        DbusCall call{.path = path_,
                      .interface = "org.freedesktop.DBus.Properties",
                      .member = "Get",
                      .signature = "ss"};
        call.arguments.string(interface);
        call.arguments.string(name);
        const Result<DbusMessage> said = connection_.call(call);
        if (!said) {
            good_ = std::unexpected(said.error());
            return {};
        }
        DbusReader reader(said->arguments);
        const bool as_known = reader.signature() == type;
        reader.align(type.starts_with('(') ? 8 : 4);
        if (!as_known || !reader.good()) {
            good_ =
                fail(Errc::io, std::string("systemd tells the property in another form: ") + name);
            return {};
        }
        return said->arguments.substr(reader.at());
    }

    DbusConnection& connection_;
    std::string path_;
    Result<void> good_;
};

}  // namespace

Result<void> PrivateSystemd::start(const TransientService& service) {
    Result<DbusConnection> connection = DbusConnection::open(socket_, timeout_);
    if (!connection) return std::unexpected(connection.error());
    const Result<DbusMessage> job = connection->call(start_call(service));
    if (!job) return std::unexpected(job.error());
    return {};
}

Result<UnitState> PrivateSystemd::state(const std::string& unit) {
    Result<DbusConnection> connection = DbusConnection::open(socket_, timeout_);
    if (!connection) return std::unexpected(connection.error());
    Properties properties(*connection, unit);
    const std::string active = properties.string(unit_interface, "ActiveState");
    UnitState state{.loaded = properties.string(unit_interface, "LoadState") == "loaded",
                    .busy = properties.has_job() || (active != "inactive" && active != "failed"),
                    .result = properties.string(service_interface, "Result"),
                    .exec_main_code = properties.int32(service_interface, "ExecMainCode"),
                    .exec_main_status = properties.int32(service_interface, "ExecMainStatus")};
    if (auto good = properties.good(); !good) return std::unexpected(good.error());
    return state;
}

}  // namespace metalwright::sys
