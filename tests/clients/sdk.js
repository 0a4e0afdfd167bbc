// Calls the vendors' own SDKs: one JSON line in, {"sdk","call","args"}; one JSON line out, {"ok":...} or {"error":...}.
'use strict'
const readline = require('readline')

const [, , port, keysFile] = process.argv
const keys = Object.fromEntries(JSON.parse(require('fs').readFileSync(keysFile)).keys.map(key => [key.vendor, key]))

const Edcps = require('jdcloud-sdk-js/src/services/edcps')
const JDCloud = require('jdcloud-sdk-js/src/global')
JDCloud.config.update({ logger: () => {} })
const edcps = secret => new Edcps({
  credentials: { accessKeyId: keys.jdcloud.id, secretAccessKey: secret || keys.jdcloud.secret },
  endpoint: { host: `127.0.0.1:${port}`, protocol: 'http' },
  regionId: 'cn-east-tz1'
})

const baidu = (Client, secret) => new Client({
  credentials: { ak: keys.baidu.id, sk: secret || keys.baidu.secret },
  endpoint: `http://127.0.0.1:${port}`
})

const sdks = {
  jdcloud: ({ call, args, secret }) => edcps(secret)[call](args),
  '@baiducloud/sdk': ({ call, args, secret }) => baidu(require('@baiducloud/sdk').BccClient, secret).sendRequest('PUT', call, args),
  'bce-sdk-js': ({ call, args, secret }) => baidu(require('bce-sdk-js').BccClient, secret).sendRequest('PUT', call, args)
}

const plain = value => JSON.parse(JSON.stringify(value, (name, inner) => name === 'responseObj' ? undefined : inner))
const told = error => error instanceof Error ? { ...error, message: error.message } : error

const print = line => process.stdout.write(JSON.stringify(line) + '\n')
const input = readline.createInterface({ input: process.stdin })
input.on('line', line => {
  const request = JSON.parse(line)
  Promise.resolve().then(() => sdks[request.sdk](request)).then(
    result => print({ id: request.id, ok: plain(result) }),
    error => print({ id: request.id, error: plain(told(error)) }))
})
