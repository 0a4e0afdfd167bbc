"""Signatures of the vendors' schemes, made independently of the agent: from the vendors' descriptions, with the standard library."""
import hashlib
import hmac
import json
import time
import urllib.parse
import uuid


def mac(key, text):
    return hmac.new(key if isinstance(key, bytes) else key.encode(), text.encode(), hashlib.sha256).digest()


def quoted(text, safe=""):
    return urllib.parse.quote(text, safe=safe + "-_.~")


def jdcloud(key, method, host, path, query=(), body=b"", version=3, at=None, nonce=None, signed_nonce=None):
    """Headers of a request under JDCLOUD2- or JDCLOUD3-HMAC-SHA256, and its target."""
    date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(at if at is not None else time.time()))
    nonce = nonce or str(uuid.uuid4())
    headers = {"content-type": "application/json", "host": host, "x-jdcloud-date": date, "x-jdcloud-nonce": nonce}
    names = sorted(headers) if (signed_nonce if signed_nonce is not None else version == 2) else ["content-type", "host"]
    text = urllib.parse.urlencode(query)
    canonical_query = text if version == 2 else "&".join(sorted(f"{quoted(k)}={quoted(v)}" for k, v in query if v != ""))
    canonical = "\n".join([method, path if version == 2 else quoted(path, "/"), canonical_query,
                           *(f"{name}:{headers[name]}" for name in names), "", ";".join(names), hashlib.sha256(body).hexdigest()])
    scope = f"{date[:8]}/cn-east-tz1/edcps/jdcloud{version}_request"
    to_sign = f"JDCLOUD{version}-HMAC-SHA256\n{date}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    derived = f"JDCLOUD{version}" + key["secret"]
    for part in scope.split("/"):
        derived = mac(derived, part)
    headers["authorization"] = (f"JDCLOUD{version}-HMAC-SHA256 Credential={key['id']}/{scope}, SignedHeaders={';'.join(names)}, "
                                f"Signature={mac(derived, to_sign).hex()}")
    return headers, path + ("?" + text if text else "")


def zenlayer(key, action, host, body, at=None):
    """Headers of a request under ZC2-HMAC-SHA256."""
    stamp = str(int(at if at is not None else time.time()))
    headers = {"content-type": "application/json", "host": host}
    canonical = (f"POST\n/\n\ncontent-type:{headers['content-type']}\nhost:{host}\n\ncontent-type;host\n"
                 + hashlib.sha256(body).hexdigest())
    to_sign = f"ZC2-HMAC-SHA256\n{stamp}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    return {**headers, "x-zc-timestamp": stamp, "x-zc-action": action, "x-zc-version": "2022-11-20",
            "authorization": f"ZC2-HMAC-SHA256 Credential={key['id']}, SignedHeaders=content-type;host, "
                             f"Signature={mac(key['secret'], to_sign).hex()}"}


def baidu(key, method, host, path, query=(), at=None, expires=1800, body_digest=None):
    """Headers of a request under bce-auth-v1, and its target."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at if at is not None else time.time()))
    headers = {"host": host, "x-bce-date": stamp, **({"content-md5": body_digest} if body_digest else {})}
    prefix = f"bce-auth-v1/{key['id']}/{stamp}/{expires}"
    canonical = "\n".join([method, quoted(path, "/"), "&".join(sorted(f"{quoted(k)}={quoted(v)}" for k, v in query)),
                           *sorted(f"{quoted(name)}:{quoted(value)}" for name, value in headers.items())])
    signature = mac(mac(key["secret"], prefix).hex(), canonical).hex()
    headers["authorization"] = f"{prefix}/{';'.join(sorted(headers))}/{signature}"
    return headers, path + ("?" + urllib.parse.urlencode(query) if query else "")


def as_json(body):
    return json.dumps(body).encode() if body is not None else b""
