// The client of ./bench api, and its floors.
//
//   api_bench get SOCKET TARGET COUNT          "REQUESTS_PER_SECOND P99_US" over one keep-alive
//   connection api_bench put SOCKET COUNT CONNECTIONS     the requests on stdin, one a line as
//   "TARGET BODY", COUNT of them; "SECONDS
//                                              MEDIAN_MS", the latter of one request
//   api_bench floor FOLDER COUNT               "MEDIAN_MS" of one SQLite FULL commit and one
//   netlink round trip

#include <linux/rtnetlink.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void die(const std::string& why) {
    std::fprintf(stderr, "api_bench: %s\n", why.c_str());
    std::exit(1);
}

/// One keep-alive connection.
class Connection {
 public:
    explicit Connection(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
        sockaddr_un address{.sun_family = AF_UNIX};
        std::memcpy(address.sun_path, path.c_str(),
                    std::min(path.size(), sizeof address.sun_path - 1));
        if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
            die("cannot connect to " + path);
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() { ::close(fd_); }

    /// The body of a 200; anything else ends the program.
    std::string_view ask(const std::string& request) {
        if (::send(fd_, request.data(), request.size(), 0) != static_cast<ssize_t>(request.size()))
            die("cannot send");
        std::size_t have = 0, whole = 0, body = 0;
        while (whole == 0 || have < whole) {
            const ssize_t count = ::recv(fd_, buffer_.data() + have, buffer_.size() - have, 0);
            if (count <= 0) die("the connection is gone");
            have += static_cast<std::size_t>(count);
            const std::string_view seen(buffer_.data(), have);
            const std::size_t end = seen.find("\r\n\r\n");
            if (whole != 0 || end == seen.npos) continue;
            const std::size_t length = seen.find("Content-Length: ");
            if (length > end) die("no length");
            body = end + 4;
            whole = body + std::strtoul(buffer_.data() + length + 16, nullptr, 10);
            if (!seen.starts_with("HTTP/1.1 200")) die(std::string(seen.substr(0, 600)));
        }
        return {buffer_.data() + body, whole - body};
    }

 private:
    int fd_;
    std::vector<char> buffer_ = std::vector<char>(1 << 20);
};

std::string request(const std::string& method, const std::string& target, const std::string& body) {
    std::string text = method + ' ' + target + " HTTP/1.1\r\nHost: x\r\n";
    if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return text + "\r\n" + body;
}

double since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

double at(std::vector<double> values, double part) {
    std::ranges::sort(values);
    return values[std::min(values.size() - 1,
                           static_cast<std::size_t>(part * static_cast<double>(values.size())))];
}

int get(const std::string& socket, const std::string& target, std::size_t count) {
    Connection connection(socket);
    const std::string text = request("GET", target, "");
    for (std::size_t i = 0; i < count / 10; ++i) connection.ask(text);
    std::vector<double> took;
    const auto begin = Clock::now();
    for (std::size_t i = 0; i < count; ++i) {
        const auto one = Clock::now();
        connection.ask(text);
        took.push_back(since(one));
    }
    std::cout << static_cast<double>(count) / since(begin) << ' ' << at(took, 0.99) * 1e6 << '\n';
    return 0;
}

int put(const std::string& socket, std::size_t count, std::size_t connections) {
    std::vector<std::string> requests;
    for (std::string line; requests.size() < count && std::getline(std::cin, line);) {
        const std::size_t blank = line.find(' ');
        requests.push_back(request("PUT", line.substr(0, blank), line.substr(blank + 1)));
    }
    if (requests.size() < count) die("too few requests");
    std::vector<double> took(count);
    std::atomic<std::size_t> next = 0;
    std::vector<std::unique_ptr<Connection>> open;
    for (std::size_t i = 0; i < connections; ++i)
        open.push_back(std::make_unique<Connection>(socket));
    const auto begin = Clock::now();
    {
        std::vector<std::jthread> threads;
        for (auto& connection : open)
            threads.emplace_back([&] {
                for (std::size_t i = next++; i < count; i = next++) {
                    const auto one = Clock::now();
                    if (connection->ask(requests[i]).contains("\"message\"")) die("it was refused");
                    took[i] = since(one);
                }
            });
    }
    std::cout << since(begin) << ' ' << at(took, 0.5) * 1e3 << '\n';
    return 0;
}

/// One RTM_NEWADDR on the loopback device, with its acknowledgement.
void netlink(int fd, std::uint32_t number) {
    struct {
        nlmsghdr head;
        ifaddrmsg address;
        rtattr attribute;
        std::uint32_t value;
    } message{};
    message.head.nlmsg_len = sizeof message;
    message.head.nlmsg_type = RTM_NEWADDR;
    message.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE;
    message.address = {.ifa_family = AF_INET, .ifa_prefixlen = 32, .ifa_index = 1};
    message.attribute = {.rta_len = RTA_LENGTH(4), .rta_type = IFA_LOCAL};
    message.value = __builtin_bswap32(0x0a090000U + number);
    std::array<char, 8192> answer{};
    if (::send(fd, &message, sizeof message, 0) < 0 ||
        ::recv(fd, answer.data(), answer.size(), 0) < 0)
        die("netlink");
    if (reinterpret_cast<const nlmsgerr*>(NLMSG_DATA(answer.data()))->error != 0)
        die("the kernel refuses an address");
}

int floor_of(const std::string& folder, std::size_t count) {
    sqlite3* db = nullptr;
    const auto sql = [&](const char* text) {
        if (sqlite3_exec(db, text, nullptr, nullptr, nullptr) != SQLITE_OK) die(sqlite3_errmsg(db));
    };
    if (sqlite3_open((folder + "/floor.db").c_str(), &db) != SQLITE_OK) die("SQLite");
    sql("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE IF NOT EXISTS t (a INTEGER "
        "PRIMARY KEY, b TEXT)");
    const int fd = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0) die("netlink");
    const std::string insert = "INSERT INTO t (b) VALUES ('" + std::string(300, 'x') + "')";
    std::vector<double> took;
    for (std::size_t i = 0; i < count; ++i) {
        const auto begin = Clock::now();
        sql(insert.c_str());
        netlink(fd, static_cast<std::uint32_t>(i + 1));
        took.push_back(since(begin));
    }
    ::close(fd);
    sqlite3_close(db);
    std::cout << at(took, 0.5) * 1e3 << '\n';
    return 0;
}

}  // namespace

int main(int count, char** values) {
    const std::vector<std::string> words(values, values + count);
    if (words.size() == 5 && words[1] == "get")
        return get(words[2], words[3], std::stoul(words[4]));
    if (words.size() == 5 && words[1] == "put")
        return put(words[2], std::stoul(words[3]), std::stoul(words[4]));
    if (words.size() == 4 && words[1] == "floor") return floor_of(words[2], std::stoul(words[3]));
    die("api_bench get SOCKET TARGET COUNT | put SOCKET COUNT CONNECTIONS | floor FOLDER COUNT");
}
