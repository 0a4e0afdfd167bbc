"""What ./demo has to know of an order: which host it is for, and which addresses must answer when it is done."""
import ipaddress
import json

# All of a range is pinged up to here; of a wider one the ends and some between.
MOST = 32


class Order:
    """A document as it lies in a file; the agent judges it, this only looks up what the demo shows and checks."""

    def __init__(self, data):
        self.data = data
        try:
            self.document = json.loads(data)
        except ValueError as error:
            raise ValueError(f"not JSON: {error}") from None
        if not isinstance(self.document, dict):
            raise ValueError("not a JSON object")

    @classmethod
    def read(cls, path):
        with open(path, "rb") as file:
            return cls(file.read())

    @property
    def host(self):
        host = self.document.get("host")
        return host["id"] if isinstance(host, dict) and isinstance(host.get("id"), str) else "host-1"

    @property
    def generation(self):
        number = self.document.get("generation")
        return number if isinstance(number, int) and number > 0 else 1

    def gateways(self, catalogue):
        """Whom the neighbour on the wire has to play, beside itself."""
        primary = self._network().get("primary")
        named = [primary.get("gateway")] if isinstance(primary, dict) else []
        named += [subnet.get("gateway") for subnet in (catalogue.get("subnets") or {}).values()]
        return {gateway for gateway in named if isinstance(gateway, str)}

    def addresses(self):
        """Every address that the host shall answer for on the tenant's network."""
        found = []
        for text in self._texts():
            try:
                network = ipaddress.ip_interface(text)
            except ValueError:
                continue  # the agent says so; there is nothing to ping
            if network.ip != network.network.network_address or network.network.prefixlen == network.max_prefixlen:
                found.append(str(network.ip))
            else:
                count = network.network.num_addresses
                steps = range(count) if count <= MOST else sorted({0, count - 1, *range(0, count, count // MOST)})
                found += [str(network.network[step]) for step in steps]
        return list(dict.fromkeys(found))

    @property
    def has_script(self):
        """Whether a script is to be run, in a vendor's form or in ours."""
        return bool(self._instance().get("userData") or self.document.get("userData"))

    def _instance(self):
        request = self.document.get("request")
        instance = request.get("instanceSpec") if isinstance(request, dict) else None
        return instance if isinstance(instance, dict) else {}

    def _network(self):
        network = self.document.get("network")
        return network if isinstance(network, dict) else {}

    def _texts(self):
        instance, network = self._instance(), self._network()
        if isinstance(instance.get("privateIp"), str):
            yield instance["privateIp"]
        if isinstance(network.get("primary"), dict):
            yield str(network["primary"].get("address"))
        for alias in [*(instance.get("aliasIps") or []), *(network.get("aliases") or [])]:
            if isinstance(alias, dict):
                yield str(alias.get("cidr"))
