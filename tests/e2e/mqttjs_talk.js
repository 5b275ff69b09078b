// Every feature that MQTT.js has: node mqttjs_talk.js HERE THERE [PART...], two ports, of one broker or
// of two; who only hears is there. A line `ok NAME` for each thing that held; the first that does not
// ends the program with status 1.
'use strict'
const assert = require('assert')
const mqtt = require('mqtt')

const here = Number(process.argv[2])
const away = { port: Number(process.argv[3]) }
const parts = process.argv.slice(4)
const versions = [['MQIsdp', 3], ['MQTT', 4], ['MQTT', 5]]

// A connected client: messages are awaited with next(), in the order of their coming.
function client (version, clientId, options = {}) {
  const made = mqtt.connect({
    host: '127.0.0.1', port: here, protocolId: version === 3 ? 'MQIsdp' : 'MQTT',
    protocolVersion: version, clientId, reconnectPeriod: 0, connectTimeout: 60000, ...options
  })
  const came = []
  const waiting = []
  made.on('message', (topic, payload, packet) => {
    const message = { topic, payload: payload.toString(), qos: packet.qos, retain: packet.retain,
      properties: packet.properties || {} }
    if (waiting.length) waiting.shift()(message)
    else came.push(message)
  })
  made.next = () => new Promise(resolve => {
    if (came.length) resolve(came.shift())
    else waiting.push(resolve)
  })
  made.say = (topic, payload, more = {}) => new Promise((resolve, reject) =>
    made.publish(topic, payload, more, (error, packet) => error ? reject(error) : resolve(packet)))
  made.hear = (topics, more = {}) => new Promise((resolve, reject) =>
    made.subscribe(topics, more, (error, granted) => error ? reject(error) : resolve(granted)))
  made.forget = topic => new Promise((resolve, reject) =>
    made.unsubscribe(topic, error => error ? reject(error) : resolve()))
  made.leave = () => new Promise(resolve => made.end(false, {}, resolve))
  return new Promise((resolve, reject) => {
    made.once('connect', connack => { made.connack = connack; resolve(made) })
    made.once('error', reject)
  })
}

async function everyQos () {
  for (const [, hears] of versions) {
    const reader = await client(hears, `js-reader-${hears}`, away)
    const granted = await reader.hear({ [`js/${hears}/a`]: { qos: 2 }, [`js/${hears}/b`]: { qos: 1 } })
    assert.deepStrictEqual(granted.map(one => one.qos), [2, 1])
    for (const [, says] of versions) {
      const writer = await client(says, `js-writer-${says}`)
      for (const qos of [0, 1, 2]) {
        await writer.say(`js/${hears}/a`, `${says} ${qos}`, { qos })
        const message = await reader.next()
        assert.deepStrictEqual([message.payload, message.qos], [`${says} ${qos}`, qos])
      }
      await writer.leave()
    }
    await reader.forget(`js/${hears}/a`)
    await reader.leave()
  }
}

async function retained () {
  for (const [, version] of versions) {
    const writer = await client(version, 'js-writer')
    await writer.say(`js/kept/${version}`, 'kept', { qos: 2, retain: true })
    const reader = await client(version, 'js-reader', away)
    await reader.hear(`js/kept/${version}`, { qos: 2 })
    const message = await reader.next()
    assert.deepStrictEqual([message.payload, message.retain, message.qos], ['kept', true, 2])
    await writer.leave()
    await reader.leave()
  }
}

async function sessions () {
  for (const [, version] of versions) {
    const more = version === 5 ? { properties: { sessionExpiryInterval: 600 } } : {}
    const reader = await client(version, `js-kept-${version}`, { clean: false, ...more, ...away })
    await reader.hear(`js/session/${version}`, { qos: 2 })
    await reader.leave()
    const writer = await client(version, 'js-writer')
    await writer.say(`js/session/${version}`, 'waited', { qos: 2 })
    await writer.leave()
    const again = mqtt.connect({ host: '127.0.0.1', port: here, clientId: `js-kept-${version}`,
      protocolId: version === 3 ? 'MQIsdp' : 'MQTT', protocolVersion: version, clean: false,
      reconnectPeriod: 0, ...more })
    const [present, payload] = await Promise.all([
      new Promise(resolve => again.once('connect', connack => resolve(connack.sessionPresent))),
      new Promise(resolve => again.once('message', (_, text) => resolve(text.toString())))])
    if (version !== 3) assert.strictEqual(present, true)
    assert.strictEqual(payload, 'waited')
    await new Promise(resolve => again.end(false, {}, resolve))
  }
}

async function wills () {
  for (const [, version] of versions) {
    const watcher = await client(version, 'js-watcher', away)
    await watcher.hear(`js/will/${version}`, { qos: 1 })
    const mortal = await client(version, 'js-mortal', {
      will: { topic: `js/will/${version}`, payload: 'gone', qos: 1, retain: true } })
    mortal.stream.destroy()
    assert.strictEqual((await watcher.next()).payload, 'gone')
    const polite = await client(version, 'js-polite', {
      will: { topic: `js/will/${version}`, payload: 'never', qos: 1, retain: false } })
    await polite.leave()
    await watcher.say(`js/will/${version}`, 'fence', { qos: 1 })
    assert.strictEqual((await watcher.next()).payload, 'fence')
    await watcher.leave()
  }
}

async function willProperties () {
  const said = { contentType: 'text/plain', responseTopic: 'answer', payloadFormatIndicator: true,
    correlationData: Buffer.from([0, 255]), userProperties: { a: ['1', '2'] } }
  const watcher = await client(5, 'js-watcher', away)
  await watcher.hear('js/will/properties', { qos: 1 })
  const mortal = await client(5, 'js-mortal', { clean: false,
    properties: { sessionExpiryInterval: 600 },
    will: { topic: 'js/will/properties', payload: 'gone', qos: 1, retain: false,
      properties: { ...said, willDelayInterval: 1, messageExpiryInterval: 600 } } })
  mortal.stream.destroy()
  const { payload, properties: came } = await watcher.next()
  assert.strictEqual(payload, 'gone')
  assert(came.messageExpiryInterval > 500 && came.messageExpiryInterval <= 600)
  delete came.messageExpiryInterval
  assert.deepStrictEqual({ ...came, userProperties: { ...came.userProperties } }, said)
  await watcher.leave()
}

// What DISCONNECT says of the session's end.
async function endings () {
  for (const [expiry, present] of [[undefined, true], [600, true], [0, false]]) {
    const options = { clean: false, properties: { sessionExpiryInterval: 600 } }
    const first = await client(5, 'js-ends', { ...options, ...away })
    const properties = expiry === undefined ? {} : { properties: { sessionExpiryInterval: expiry } }
    await new Promise(resolve => first.end(false, { reasonCode: 0, ...properties }, resolve))
    const again = await client(5, 'js-ends', options)
    assert.strictEqual(again.connack.sessionPresent, present)
    await again.leave()
  }
}

async function answers () {
  const asks = await client(5, 'js-asks', { properties: { requestResponseInformation: true } })
  const silent = await client(5, 'js-silent')
  assert.strictEqual(asks.connack.properties.responseInformation, 'answers/')
  assert.strictEqual((silent.connack.properties || {}).responseInformation, undefined)
  const answerer = await client(5, 'js-answers', away)
  await answerer.hear('js/ask', { qos: 1 })
  await asks.hear('answers/js', { qos: 1 })
  await asks.say('js/ask', 'question', { qos: 1,
    properties: { responseTopic: 'answers/js', correlationData: Buffer.from('1') } })
  const { responseTopic, correlationData } = (await answerer.next()).properties
  await answerer.say(responseTopic, 'answer', { qos: 1, properties: { correlationData } })
  const answer = await asks.next()
  assert.deepStrictEqual([answer.payload, answer.properties.correlationData.toString()],
    ['answer', '1'])
  for (const one of [asks, silent, answerer]) await one.leave()
}

async function properties () {
  const said = { payloadFormatIndicator: true, contentType: 'text/plain', responseTopic: 'answer',
    correlationData: Buffer.from([0, 255]), userProperties: { a: ['1', '2'], b: '3' } }
  const reader = await client(5, 'js-reader', { ...away, properties: { receiveMaximum: 5,
    maximumPacketSize: 4096, requestProblemInformation: true, userProperties: { who: 'js' } } })
  await reader.hear('js/properties', { qos: 2, properties: { subscriptionIdentifier: 77 } })
  const writer = await client(5, 'js-writer')
  for (const qos of [0, 1, 2]) {
    await writer.say('js/properties', 'x', { qos, properties: { ...said, messageExpiryInterval: 60 } })
    const came = (await reader.next()).properties
    assert(came.messageExpiryInterval > 50 && came.messageExpiryInterval <= 60)
    delete came.messageExpiryInterval
    assert.deepStrictEqual({ ...came, userProperties: { ...came.userProperties } },
      { ...said, subscriptionIdentifier: 77 })
  }
  await writer.leave()
  await reader.leave()
}

async function options () {
  const both = await client(5, 'js-both', away)
  await both.hear('js/options', { qos: 1, nl: true, rap: true, rh: 0 })
  await both.say('js/options', 'mine', { qos: 1 })
  const other = await client(5, 'js-other')
  await other.say('js/options', "other's", { qos: 1, retain: true })
  const message = await both.next()
  assert.deepStrictEqual([message.payload, message.retain], ["other's", true])
  await both.hear('js/options', { qos: 1, nl: true, rap: true, rh: 1 })
  await both.hear('js/options', { qos: 1, nl: true, rap: true, rh: 2 })
  await other.say('js/options', 'fence', { qos: 1 })
  assert.strictEqual((await both.next()).payload, 'fence')
  await both.leave()
  await other.leave()
}

async function aliases () {
  const reader = await client(5, 'js-reader', { ...away, topicAliasMaximum: 3 })
  await reader.hear('js/alias/+', { qos: 1 })
  const writer = await client(5, 'js-writer', { autoAssignTopicAlias: true })
  for (const name of ['a', 'b', 'a', 'a', 'b', 'c', 'd', 'a']) {
    await writer.say(`js/alias/${name}`, name, { qos: 1 })
    const message = await reader.next()
    assert.deepStrictEqual([message.topic, message.payload], [`js/alias/${name}`, name])
  }
  await writer.leave()
  await reader.leave()
}

async function shares () {
  const members = [await client(5, 'js-1'), await client(5, 'js-2', away), await client(4, 'js-3', away)]
  let total = 0
  const wanted = 30
  const all = new Promise(resolve => {
    for (const member of members) {
      member.on('message', () => { if (++total === wanted) resolve() })
    }
  })
  for (const member of members) await member.hear('$share/js/js/share', { qos: 1 })
  const writer = await client(5, 'js-writer')
  for (let number = 0; number < wanted; ++number) await writer.say('js/share', 'x', { qos: 1 })
  await all
  for (const one of [writer, ...members]) await one.leave()
  assert.strictEqual(total, wanted)
}

async function refusals () {
  const assigned = await client(5, '', { keepalive: 200 })
  assert(assigned.connack.properties.assignedClientIdentifier)
  assert.strictEqual(assigned.connack.properties.serverKeepAlive, 100)
  await assigned.leave()
  await assert.rejects(client(5, 'js', { properties: { authenticationMethod: 'none' } }),
    error => error.code === 0x8c)
  const older = await client(5, 'js-same')
  const told = new Promise(resolve => older.once('disconnect', packet => resolve(packet.reasonCode)))
  const younger = await client(5, 'js-same', away)
  assert.strictEqual(await told, 0x8e)
  await younger.leave()
}

async function main () {
  for (const one of [everyQos, retained, sessions, wills, willProperties, properties, options,
    aliases, shares, endings, answers, refusals]) {
    if (parts.length && !parts.includes(one.name)) continue
    await one()
    console.log(`ok ${one.name}`)
  }
  process.exit(0)
}

main().catch(error => { console.error(error); process.exit(1) })
