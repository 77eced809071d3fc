// Files of scenarios that solve tasks.
const critical = "{ incident_id: inc-7, service: payments, severity: critical, title: Card payments time out }";
const oneMessage = "{ channel: push, to: ines, count: 1 }";

export const scenarioFiles = {
  digest: `workflow: comment-digest
scenarios:
  sends Grace one digest of three comments after an hour:
    steps:
      - notify: { recipients: [grace], actor: ada, data: { page: Home, comment: First } }
      - advance: 20m
      - notify: { recipients: [grace], actor: alan, data: { page: Home, comment: Second } }
      - advance: 20m
      - notify: { recipients: [grace], actor: lin, data: { page: Home, comment: Third } }
      - advance: 19m
      - expect: { no_messages: [{ to: grace }] }
      - advance: 1m
        expect:
          messages:
            - { to: grace, channel: email, subject: 3 new comments on Home, count: 1 }
            - { to: grace, channel: email, body: { contains: "Ada Lovelace: First" } }
            - { to: grace, channel: email, body: { contains: "Alan Turing: Second" } }
            - { to: grace, channel: email, body: { contains: "Lin Huiyin: Third" } }
`,
  waitingDigest: `workflow: comment-digest
scenarios:
  collects three comments:
    steps:
      - notify: { recipients: [grace], actor: ada, data: { page: Home, comment: First } }
        repeat: 3
        expect: { outcomes: { grace: { batch_1: waiting } } }
`,
  outage: `workflow: incident
scenarios:
  sends the text message after an outage:
    given: { failures: [{ channel: twilio, status: 503, times: 2 }] }
    steps:
      - notify: { recipients: [marta], data: ${critical} }
        expect: { messages: [{ to: marta, channel: sms, count: 1, status: queued }] }
      - until_idle: true
      - expect: { messages: [{ to: marta, channel: sms, count: 1, status: sandboxed }] }

  never sends a message that the provider rejects:
    given: { failures: [{ channel: twilio, status: 400, times: 1 }] }
    steps:
      - notify: { recipients: [marta], data: ${critical} }
      - until_idle: true
      - expect: { messages: [{ to: marta, channel: sms, count: 1, status: undelivered }] }
`,
  accepted: `workflow: invite
scenarios:
  reminds only Lin after Grace accepted:
    steps:
      - notify: { recipients: [grace, lin], actor: alan, cancellation_key: invite-7, data: { project: Apollo } }
      - advance: 2h
      - cancel: { cancellation_key: invite-7, recipients: [grace] }
        expect: { cancelled: 1 }
      - advance: 21h
        expect: { no_messages: true }
      - advance: 1h
        expect:
          messages: [{ to: lin, channel: email, step: email_2, count: 1 }, { to: lin, channel: in-app, count: 1 }]
          no_messages: [{ to: grace }]
`,
  throttle: `workflow: price-drop
scenarios:
  sends two push messages per product within 12 hours:
    steps:
      - notify: { recipients: [ines], data: { product: boots, price: 49 € } }
        repeat: 2
        expect: { messages: [{ to: ines, channel: push, count: 2 }] }
      - notify: { recipients: [ines], data: { product: boots, price: 45 € } }
        expect: { outcomes: { ines: { throttle_1: { outcome: halted, reason: throttled } } }, no_messages: true }
      - notify: { recipients: [ines], data: { product: socks, price: 4 € } }
        expect: { messages: [${oneMessage}] }
      - advance: 11h
      - notify: { recipients: [ines], data: { product: boots, price: 45 € } }
        expect: { no_messages: true }
      - advance: 1h
      - notify: { recipients: [ines], data: { product: boots, price: 45 € } }
        expect: { messages: [${oneMessage}] }
`,
  keyExpiring: `workflow: key-expiring
scenarios:
  sends an email seven days before, unless the message was \${status}:
    each:
      - { status: seen, count: 1 }
      - { status: read, count: 0 }
    steps:
      - notify: { recipients: [marta], data: { key_name: ci, expires_at: "2026-02-01T09:00:00Z" } }
        expect: { messages: [{ channel: in-app, body: { contains: Key ci expires } }] }
      - mark: { to: marta, channel: in-app, status: "\${status}" }
      - until_idle: true
        expect: { messages: [{ channel: email, count: "\${count}" }] }
`,
  push: `workflow: storage-low
scenarios:
  sends \${count} push notifications to \${user} at \${used} %:
    each:
      - { user: grace, used: 95, count: 2 }
      - { user: grace, used: 94, count: 0 }
      - { user: katherine, used: 99, count: 0 }
    steps:
      - notify: { recipients: ["\${user}"], data: { used: "\${used}", files: 3 } }
        expect: { messages: [{ channel: push, count: "\${count}" }] }
`,
};
