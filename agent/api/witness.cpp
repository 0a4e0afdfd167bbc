#include "agent/api/witness.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

namespace metalwright::agent::api {
namespace {

constexpr std::size_t most_answer = std::size_t{64} << 10;  // with numbers in it: they are short

/// The numbers of an answer that took something on, or the code of one that refused it.
void add_outcome(audit::Deed& deed, const Response& response) {
    if (response.body.size() > most_answer) return;
    const auto json = nlohmann::json::parse(response.body, nullptr, false);
    if (!json.is_object()) return;
    const auto word = [](const nlohmann::json& holder, const char* name) {
        const auto found = holder.find(name);
        return found != holder.end() && found->is_string() ? found->get<std::string>()
                                                           : std::string();
    };
    if (response.status >= 300) {
        const auto errors = json.find("errors");
        const bool ours = errors != json.end() && errors->is_array() && !errors->empty() &&
                          errors->front().is_object();
        deed.code = word(ours ? errors->front() : json, "code");
        return;
    }
    if (json.contains("operation") && json["operation"].is_number_integer())
        deed.operation = json["operation"].get<std::int64_t>();
    if (json.contains("generation") && json["generation"].is_number_unsigned())
        deed.generation = json["generation"].get<std::uint64_t>();
    deed.instance = word(json, "instance");
}

/// A deed on its way to its answer.
class Pending {
 public:
    Pending(audit::Trail& trail, audit::Deed deed) : trail_(trail), deed_(std::move(deed)) {}
    Pending(const Pending&) = delete;
    Pending& operator=(const Pending&) = delete;
    ~Pending() {
        if (!written_) trail_.write(deed_);
    }
    void write(const Response& response) {
        deed_.status = response.status;
        add_outcome(deed_, response);
        trail_.write(deed_);
        written_ = true;
    }

 private:
    audit::Trail& trail_;
    audit::Deed deed_;
    bool written_ = false;
};

audit::Deed begun(const Request& request, bool stranger) {
    audit::Deed deed{.who = {.door = request.remote ? "tcp" : "admin"}, .cheap = stranger};
    if (request.remote) {
        deed.who.vendor = request.vendor;
        deed.who.key = request.key;
        deed.who.address = request.address;
    } else {
        deed.who.uid = request.uid;
        deed.who.gid = request.gid;
        deed.who.pid = request.pid;
    }
    deed.did = (request.head ? "HEAD" : request.method) + ' ' +
               request.target.substr(0, request.target.find_first_of("?#"));
    if (const auto action = header_of(request, "x-zc-action"); !action.empty())
        deed.did += ' ' + std::string(action);
    return deed;
}

}  // namespace

audit::Deed deed_of(const Request& request, const Response& response, bool stranger) {
    audit::Deed deed = begun(request, stranger);
    deed.status = response.status;
    add_outcome(deed, response);
    return deed;
}

Respond Witness::before(const Respond& respond, const Request& request, bool stranger) const {
    if (trail_ == nullptr) return respond;
    return [pending = std::make_shared<Pending>(*trail_, begun(request, stranger)), respond,
            &pool = pool_](Response response) {
        boost::asio::post(pool, [pending, respond, response = std::move(response)]() mutable {
            pending->write(response);
            respond(std::move(response));
        });
    };
}

}  // namespace metalwright::agent::api
