# What Python's json reads in request bodies: the lines of judge.c, as a server in Python would come to them.
import base64
import json
import sys

SOURCE = {
    'tools/call': 'name', 'prompts/get': 'name',
    'resources/read': 'uri', 'resources/subscribe': 'uri', 'resources/unsubscribe': 'uri',
    'tasks/get': 'taskId', 'tasks/result': 'taskId', 'tasks/update': 'taskId', 'tasks/cancel': 'taskId',
}
# What a server of 2026-07-28 does not know; without a URI nobody else can do anything with it.
LOST = ['resources/subscribe', 'resources/unsubscribe']


def string(value):
    return value.encode('utf-8', 'surrogatepass').hex() if isinstance(value, str) else '?'


def name_of(message):
    params = message.get('params')
    if message.get('method') == 'completion/complete':
        ref = params['ref']
        return string(ref['name'] if ref['type'] == 'ref/prompt' else ref['uri'])
    if message.get('method') in LOST and (params is None or 'uri' not in params):
        return '-'
    if message.get('method') in SOURCE:
        return string(params[SOURCE[message['method']]])
    return '-'


def id_of(message):
    if 'id' not in message:
        return '-'
    value = message['id']
    if isinstance(value, str):
        return 's' + string(value)
    return 'inull' if value is None else 'i%d' % value if isinstance(value, int) else '?'


def read(body):
    try:
        message = json.loads(body)
        method = string(message['method']) if 'method' in message else '2d'
        return 'method=%s name=%s id=%s' % (method, name_of(message), id_of(message))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return 'refused'


for line in sys.stdin:
    print(read(base64.b64decode(line)))
