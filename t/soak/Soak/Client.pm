package Soak::Client;
# The clients of the soak, a process each: callers, who send one request after the other and check every answer; listeners, who have an
# event stream open; leavers, who go away in the middle. What they saw is in a file each.
#
#   my $pid  = Soak::Client::start(caller => $plan, $number);    # or listener, leaver
#   my $seen = Soak::Client::seen($plan);                        # the sum of all, so far
#
# $plan: { dir, diary => file, issuer, urls => { name => url }, until => time, pause => seconds between the requests of a caller }

use v5.36;
use Digest::SHA 'sha256_hex';
use MCPTest::HTTP;
use MCPTest::Util qw(json_data json_text slurp spew);
use POSIX ();
use Soak::Diary;
use Soak::Requests;
use Soak::Tokens;
use Soak::Wire;
use Socket qw(SOL_SOCKET SO_LINGER);
use Time::HiRes qw(sleep time);

my %ROLE = (caller => \&_call, listener => \&_listen, leaver => \&_leave);
my $SAVE = 2;     # seconds between two writings of what was seen
my $LONG = 20;    # an answer that takes longer is lost

sub start ($role, $plan, $number) {
    my $parent = $$;
    my $pid    = fork() // die "fork: $!";
    return $pid if $pid;
    $SIG{$_} = 'DEFAULT' for qw(INT TERM);
    srand $number;
    my $self = bless { plan => $plan, file => "$plan->{dir}/$role-$number", seen => {}, saved => 0 }, __PACKAGE__;
    my $done = eval {
        $self->_begin;
        while (time < $plan->{until} && getppid() == $parent) {
            $ROLE{$role}->($self);
            $self->_save if time > $self->{saved} + $SAVE;
        }
        1;
    };
    $self->_wrong("a $role ended: $@") if !$done;
    $self->_save;
    POSIX::_exit(0);
}

sub _begin ($self) {
    my $plan = $self->{plan};
    $self->{diary}  = Soak::Diary->new($plan->{diary});
    $self->{tokens} = Soak::Tokens->new($plan->{issuer}, $self->{diary});
    $self->{names}  = [ sort keys %{ $plan->{urls} } ];
    $self->{wire}   = { map { $_ => Soak::Wire->new($plan->{urls}{$_}, timeout => $LONG) } @{ $self->{names} } };
    $self->{diary}->update;
    return;
}

sub _save ($self) {
    spew($self->{file}, json_text($self->{seen}));
    $self->{saved} = time;
    return;
}

# { table => { row => { column => number } }, wrong => [texts], slowest => { row => seconds } } of all clients.
sub seen ($plan) {
    my %all = (wrong => []);
    for my $seen (map { json_data(slurp($_)) } glob "$plan->{dir}/*-[0-9]*") {
        push @{ $all{wrong} }, @{ delete $seen->{wrong} // [] };
        for my $table (keys %$seen) {
            for my $row (keys %{ $seen->{$table} }) {
                $all{$table}{$row}{$_} += $seen->{$table}{$row}{$_} for keys %{ $seen->{$table}{$row} };
            }
        }
    }
    return \%all;
}

sub _count ($self, $table, $row, $column, $more = 1) { $self->{seen}{$table}{$row}{$column} += $more; return }

sub _wrong ($self, $why) {
    $self->_count(total => all => 'wrong');
    push @{ $self->{seen}{wrong} }, sprintf '%.3f %s', time, $why if @{ $self->{seen}{wrong} //= [] } < 50;
    return;
}

sub _url ($self) { return $self->{plan}{urls}{ $self->{names}[ rand @{ $self->{names} } ] } }

# One request, its answer and the judgement.
sub _call ($self) {
    my ($diary, $name) = ($self->{diary}, $self->{names}[ rand @{ $self->{names} } ]);
    $diary->update;
    my ($token, $request) = ($self->{tokens}->take, Soak::Requests::take());
    my $wire  = $self->{wire}{$name};
    my $start = time;
    $wire->close if rand() < 0.2;
    my $fields = $self->_fields($token, $request);
    my ($res, $again) = $wire->ask($request->{method}, $request->{path}, $fields, $request->{body}, @{ $request->{options} });
    my $end = time;
    $diary->update;
    $self->_count(total => all => $_) for 'requests', defined $again ? "repeated, $name" : ();
    $self->_count(token   => $token->{kind},   $request->{public} ? 'elsewhere' : $res->status || 'lost');
    $self->_count(request => $request->{kind}, $res->status || 'lost');
    my ($whole) = grep { $end - $start < $_ } 0.01, 0.1, 1, 5, 1e9;
    $self->_count(time => all => $whole);
    my $why = complaint($token, $request, $res, $start, $end) // $self->_untimely($name, $again);
    $self->_wrong("$name, $token->{kind}, $request->{kind}: $why (asked for " . sprintf('%.3f s)', $end - $start)) if $why;
    sleep $self->{plan}{pause} - ($end - $start) if $self->{plan}{pause} > $end - $start;
    return;
}

# A server that is not restarted closes what is idle after KeepAliveTimeout, and nothing else.
sub _untimely ($self, $name, $idle) {
    return undef if !defined $idle || $name ne 'steady' || $idle > 4.5;
    return sprintf 'a connection closed after %.1f s', $idle;
}

sub _fields ($self, $token, $request) {
    my @fields = (@{ $request->{fields} }, 'X-Soak-Id' => $request->{id} = "$$-" . ++$self->{id});
    push @fields, Authorization => $token->{field} if defined $token->{field};
    push @fields, 'X-Soak' => 'never' if !_passes($token, $request);
    my $sub = $request->{public} ? '' : $token->{sub};
    return [ @fields, 'X-Soak-Subject' => $sub, 'X-Soak-Kind' => "$token->{kind}; $request->{kind}", 'X-MCP-Subject' => 'forged' ];
}

# Whether it may reach the backend at some time.
sub _passes ($token, $request) {
    return 0 if $request->{never};
    return 1 if $request->{public} || ($request->{open} && !defined $token->{field});
    return !$token->{never} && !_lacks($token, $request);
}

sub _lacks ($token, $request) {
    my %has = map { $_ => 1 } split / /, $token->{scope};
    return !!grep { !$has{$_} } split / /, $request->{need};
}

# The statuses that an answer may have.
sub _allowed ($token, $request, $from, $to) {
    return $request->{status} if $request->{public} || ($request->{open} && !defined $token->{field});
    my @good = _lacks($token, $request) ? (403, $request->{instead} // ()) : $request->{status};
    return map { $_ == 200 ? @good : $_ } $token->{judge}->($from, $to);
}

# What is wrong with an answer; undef when nothing is.
sub complaint ($token, $request, $res, $from, $to) {
    return 'no answer: ' . $res->error if !$res->status;
    my @allowed = _allowed($token, $request, $from, $to);
    my $status  = $res->status;
    return "expected @allowed, got $status: " . substr $res->body, 0, 200 if !grep { $_ == $status } @allowed;
    my @challenge = $res->headers('WWW-Authenticate');
    return "a challenge on a $status" if @challenge && $status !~ /^40[013]\z/;
    return "challenge of a 401: @challenge" if $status == 401 && (@challenge != 1 || "@challenge" !~ /^Bearer / || "@challenge" !~ $token->{says});
    return "challenge of a 403: @challenge" if $status == 403 && $request->{status} == 200 && "@challenge" !~ /"insufficient_scope"/;
    return '503 without Retry-After' if $status == 503 && !$res->header('Retry-After');
    return 'no JSON-RPC error' if $status >= 400 && !eval { $res->json->{error}{code} };
    return $status == 200 ? _unlike($token, $request, $res) : undef;
}

# What the backend got, or sent, is not what arrived.
sub _unlike ($token, $request, $res) {
    return 'length of the body is ' . length $res->body if defined $request->{size} && length $res->body != $request->{size};
    return undef if !$request->{echo};
    my $echo = $res->json // return 'no JSON from the backend: ' . substr $res->body, 0, 100;
    return "$echo->{body_length} bytes arrived" if $echo->{sha256} ne sha256_hex($request->{body} // '');
    my %came;
    push @{ $came{ lc $_->[0] } }, $_->[1] for @{ $echo->{headers} };
    return 'the answer to another request' if "@{ $came{'x-soak-id'} }" ne $request->{id};
    my ($sub, @more) = @{ $came{'x-mcp-subject'} // [] };
    return "subject @{[ $sub // '(none)' ]} @more" if @more || ($sub // '') ne $token->{sub};
    return undef;
}

# An event stream of some seconds: every event, in order, whatever happens to the server.
sub _listen ($self) {
    $self->{diary}->update;
    my $count = 4 + int rand 30;
    my @event = map { "event $_ " . 'e' x rand 40 } 1 .. $count;
    my $token = $self->{tokens}->take(rand() < 0.5 ? 'key in use' : 'shared secret, warm');
    return if $token->{scope} !~ /use/;
    my $reply = json_text({ sse => \@event, sse_delay => 0.5 });
    my $wire  = MCPTest::HTTP->new($self->_url, timeout => $LONG);
    my @field = (Authorization => $token->{field}, Accept => 'text/event-stream', 'X-Reply' => $reply, 'X-Soak-Subject' => $token->{sub});
    my $stream = eval { $wire->open(GET => '/mcp', \@field) } // return $self->_wrong("stream: $@");
    my $status = $stream->response->status;
    $self->_count(stream => all => 'opened');
    return $self->_wrong("stream: $status @{[ $stream->response->error // '' ]}") if $status != 200;
    my $text = eval { $stream->read_until(qr/\r\n0\r\n\r\n\z/, $LONG) } // '';
    my @came = $text =~ /^data: (.*)$/mg;
    $stream->close;
    return $self->_wrong('stream: ' . @came . " of $count events came") if "@came" ne "@event";
    $self->_count(stream => all => 'whole');
    $self->_count(stream => all => 'events', scalar @event);
    return;
}

# How somebody leaves: the request, how much of it is sent, what is waited for, and whether the connection is reset.
my @WAYS = (
    [ 'within the head',    sub ($head, $body) { substr $head, 0, 1 + rand length $head }, 0 ],
    [ 'within the body',    sub ($head, $body) { $head . substr $body, 0, rand length $body }, 0 ],
    [ 'after the request',  sub ($head, $body) { $head . $body }, 0 ],
    [ 'within the answer',  sub ($head, $body) { $head . $body }, 5000 ],
    [ 'within the events',  undef, 300 ],
);

sub _leave ($self) {
    my ($how, $cut, $wait) = @{ $WAYS[ rand @WAYS ] };
    $self->{diary}->update;
    my $token = $self->{tokens}->take;
    my $body  = Soak::Requests::call('echo', 20_000 + rand 100_000);
    my @lines = ('Host: soak', 'Content-Type: application/json', "X-Soak-Subject: $token->{sub}");
    push @lines, "Authorization: $token->{field}" if defined $token->{field};
    push @lines, 'X-Soak: never' if $token->{never};
    my $reply = 'X-Reply: ' . json_text({ sse => [ map { "event $_" } 1 .. 30 ], sse_delay => 0.3 });
    my @first = $cut ? ('POST /mcp HTTP/1.1', 'Content-Length: ' . length $body) : ('GET /mcp HTTP/1.1', $reply);
    my $head  = join "\r\n", @first, @lines, '', '';
    my $wire  = MCPTest::HTTP->new($self->_url);
    my $reader = $wire->_reader or return $self->_wrong("leaver: connect: $!");
    MCPTest::HTTP::_send($reader, $cut ? $cut->($head, $body) : $head);
    if ($wait) {
        $reader->timeout(3);
        eval { 1 while length $reader->buffer < $wait && $reader->fill };
    }
    setsockopt $reader->socket, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0) if rand() < 0.5;
    close $reader->socket;
    $self->_count(left => $how => 'times');
    sleep rand 0.4;
    return;
}

1;
