//! The long texts of `--help`.

/// The text after the options.
pub(crate) const AFTER: &str = "Examples:
  workskedge listen --forward http://localhost:3000/hook --events 'workorder.*'
  workskedge trigger workorder.completed --forward http://localhost:3000/hook --set data.title=Roof
  workskedge trigger workorder.completed --endpoint ep_01JAMB3X9T7Q2V5K8N4C6D0EFG
  workskedge send employee employees.csv --dry-run
  workskedge send employee employees.csv
  workskedge events tail --since 1h --json | jq .event
  workskedge deliveries retry dlv_01JAMB3X9T7Q2V5K8N4C6D0EFG
  workskedge verify body.json --headers headers.txt
  workskedge completions bash > ~/.local/share/bash-completion/completions/workskedge

Environment:
  WORKSKEDGE_URL             the deployment; by default the local system, http://127.0.0.1:3000
  WORKSKEDGE_API_KEY         the API key
  WORKSKEDGE_SIGNING_SECRET  the signing secret, for listen, trigger --forward and verify
  XDG_STATE_HOME, LOCALAPPDATA
      where positions and the secret of listen are kept, in a directory workskedge; by default ~/.local/state
  HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE
      as most programs read them. Certificates are verified against the authorities of this machine

Scopes of the key:
  listen, events tail, deliveries retry, trigger --endpoint   webhooks:manage
  send                                                        inbound
  trigger --publish                                           events:publish
  trigger --forward, verify, send --check                     none, no key

Exit codes:
  0    done
  1    not all was done: something does not exist, a rule forbids it, records were refused, a receiver did not accept, or
       a signature does not verify
  2    the command line, a variable or a file can't be used
  3    the API can't be reached, or refuses the key
  130  interrupted; listen and send go on where they stopped when they are given again";

/// The description of `listen`.
pub(crate) const LISTEN: &str = "\
Read the account's events and send them to a receiver on this machine, or wherever this machine reaches it, in their \
order.

Deliveries look like real ones: the same bytes, the same headers, signed in all forms. The secret is that of --secret-file or \
WORKSKEDGE_SIGNING_SECRET; without one it is made at the first use, printed, and stays the same. X-Webhook-ID is the same \
each time that an event is sent.

Events come from the feed, some twenty seconds after they happened; nothing has to be reachable from outside, and no \
endpoint is needed. Polling uses half of the calls that the key has left, every 5 seconds at most, and while it catches up nine tenths.

The position is kept in a file after each event. Whatever is interrupted, this program, the receiver or the network, \
and for how long: events that are still stored come afterwards, none is left out. An event whose answer could not be noted \
is sent twice. Without a position it begins with events from now on; --since begins anew from there.";

/// The description of `trigger`.
pub(crate) const TRIGGER: &str = "\
Send one event to try a receiver. It is the example of the catalog, with the values of --set.

--endpoint has it sent by the deployment, once, as a test. --forward signs it here and sends it from this machine, without a \
key. --publish raises it for the whole account: every endpoint that wants it gets it.";

/// The description of `send`.
pub(crate) const SEND: &str = "\
Send records from a file, in batches of up to 100, in their order.

All are checked first, by the tables of fields that the API has, and nothing is sent while one is wrong. What depends on \
other records only the API can tell: --dry-run has it check them all, and stores nothing. There, a record finds those before \
it only if they are stored or in its batch.

It is as fast as the limits of the key for batches allow, a tenth of which it leaves to others; what fails for the moment is sent again. \
What was sent is noted beside the file, FILE.workskedge: given again, the command goes on where it stopped. When all \
were accepted the note is removed. When some were refused, the report says which and why; correct them and give \
the command again, it sends only what was not accepted yet.

JSON is one object, an array of objects, or one object a line (.jsonl). The first line of a CSV file has the paths of \
fields, such as siteAddress.city or assignments[0].employeeNumber; lists of words are separated by semicolons in their \
cell. An empty cell leaves its field as it is.";

/// The description of `verify`.
pub(crate) const VERIFY: &str = "\
Find out why a signature does not verify: it tries the known mistakes with body, timestamp, signature and secret, alone \
and in pairs, and says which it is. Nothing is sent anywhere.

The secret is that of --secret-file or WORKSKEDGE_SIGNING_SECRET. A secret or a body that your code has changed is \
found only as your code has it: write out what it uses, byte for byte.";
