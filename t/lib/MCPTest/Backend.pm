package MCPTest::Backend;
# A backend that tells what reached it. Every request is remembered (requests, last_request, count, clear of
# MCPTest::Listener) and, unless scripted otherwise, answered 200 with the same facts as JSON:
# {method, target, path, query, version, headers => [[n, v], ...], body, body_length, sha256, params => {...}}.
#
#   my $backend = MCPTest::Backend->start;                       # HTTP/1.1
#   my $backend = MCPTest::Backend->start(proto => 'fcgi');      # or scgi, uwsgi: params has the CGI variables
#   my $backend = MCPTest::Backend->start(routes => { '/slow' => { delay => 1 }, '/x' => sub ($req) { ... } });
#   $backend->reply('/denied' => { status => 403, headers => [['WWW-Authenticate', 'Bearer scope="x"']] });
#
# A request with the field X-Reply (JSON of a reply, see MCPTest::HTTP::Serve) is answered by it.
# A sub in routes runs in the process of the connection: it sees the request but keeps no state for later.
# For fcgi, scgi and uwsgi only status, headers, body/json and delay of a reply count.

use v5.36;
use parent 'MCPTest::Listener';
use MCPTest::Backend::Gateway;
use MCPTest::HTTP::Serve qw(read_request send_reply header_of);
use MCPTest::Reader;
use MCPTest::Util 'json_data';

sub first_state ($self) { return { routes => {} } }

# Scripts a path from now on; undef ends that.
sub reply ($self, $path, $reply) {
    my $routes = $self->state->{routes};
    if   ($reply) { $routes->{$path} = $reply }
    else          { delete $routes->{$path} }
    $self->state(routes => $routes);
    return;
}

# The value of a field as the backend got it last: all of them, in order.
sub seen ($self, $name, $request = $self->last_request) {
    return map { $_->[1] } grep { lc $_->[0] eq lc $name } @{ $request->{headers} };
}

# ProxyPass target: http://, fcgi://, scgi:// or uwsgi://
sub url ($self) { return ($self->{proto} // 'http') . "://127.0.0.1:" . $self->port }

sub serve ($self, $socket) {
    my $proto = $self->{proto} // 'http';
    return MCPTest::Backend::Gateway::serve($self, $proto, $socket) if $proto ne 'http';
    my $reader = MCPTest::Reader->new($socket, 300);
    while (my $request = read_request($reader)) {
        $self->record($request);
        send_reply($socket, $request, $self->answer($request)) or last;
    }
    return;
}

# What to reply to a request: X-Reply, the script, the routes given at start, the echo.
sub answer ($self, $request) {
    my $wish = header_of($request, 'X-Reply') // ($request->{params} // {})->{HTTP_X_REPLY};
    return json_data($wish) if defined $wish;
    my $route = $self->state->{routes}{ $request->{path} } // ($self->{routes} // {})->{ $request->{path} };
    $route = $route->($request) if ref $route eq 'CODE';
    return $route // { json => $request };
}

1;
