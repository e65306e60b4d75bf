#!/usr/bin/env perl
# A small MCP server for the demo: streamable HTTP with JSON answers, a notebook and three other toys for tools.
# It has no idea of OAuth. Who is asking, it reads from the X-MCP-* fields that httpd sets after it has checked the token.
#
#     perl demo/backend.pl [--port N]      loopback only; port 0 (default) takes a free one; the first line printed is the port
#
# /mcp reads notes; /admin-mcp writes them, too. Protocol versions 2025-03-26 to 2025-11-25 begin with initialize; 2026-07-28
# has no session and asks server/discover.
use v5.36;
use IO::Select;
use IO::Socket::INET;
use JSON::PP;

my @VERSIONS = qw(2026-07-28 2025-11-25 2025-06-18 2025-03-26);
my $LATEST   = $VERSIONS[1];    # of those that begin with initialize
my $MODERN   = '2026-07-28';
my $MAX_BODY = 1 << 20;
my $PATIENCE = 10;              # seconds for one request to arrive
my %REASON   = (200 => 'OK', 202 => 'Accepted', 400 => 'Bad Request', 404 => 'Not Found', 405 => 'Method Not Allowed', 413 => 'Content Too Large');
my $JSON     = JSON::PP->new->utf8->canonical->allow_nonref;

my %INFO  = (name => 'notebook', title => 'Notebook', version => '1.0.0');
my $ABOUT = 'A shared notebook. Notes are kept in memory and forgotten when the server ends.';
my %NOTE  = (welcome => { text => 'Hello from behind httpd.', by => 'the house' });

my %TEXT = (type => 'string', minLength => 1);
my @TOOLS = (
    tool('add', 'Adds two numbers.', { a => { type => 'number' }, b => { type => 'number' } }, ['/mcp'],
        sub ($in, $who) { "$in->{a} + $in->{b} = " . ($in->{a} + $in->{b}) }),
    tool('read_note', 'Reads the note with this title.', { title => {%TEXT} }, ['/mcp', '/admin-mcp'],
        sub ($in, $who) { my $note = $NOTE{ $in->{title} } or die "There is no note '$in->{title}'.\n"; "$note->{text} (by $note->{by})" }),
    tool('whoami', 'Shows every header field that this server got with the call.', {}, ['/mcp', '/admin-mcp'],
        sub ($in, $who) { join "\n", map { "$_: $who->{$_}" } sort keys %$who }),
    tool('write_note', 'Writes a note; an older one of that title is replaced.', { title => {%TEXT}, text => {%TEXT} }, ['/admin-mcp'],
        sub ($in, $who) {
            $NOTE{ $in->{title} } = { text => $in->{text}, by => $who->{'x-mcp-subject'} // 'somebody' };
            "Written: $in->{title}";
        }),
);

# What each JSON-RPC method answers: (request, path, header fields) to a result; dies with [code, message, data].
my %METHOD = (
    'initialize' => sub ($request, @) {
        my $asked = $request->{params}{protocolVersion} // '';
        my ($version) = grep { $_ eq $asked && $_ ne $MODERN } @VERSIONS;
        return { protocolVersion => $version // $LATEST, capabilities => { tools => {} }, serverInfo => \%INFO, instructions => $ABOUT };
    },
    'server/discover' => sub (@) {
        return {
            supportedVersions => \@VERSIONS, capabilities => { tools => {} }, instructions => $ABOUT, cache_hints(),
            _meta => { 'io.modelcontextprotocol/serverInfo' => \%INFO },
        };
    },
    'ping'       => sub (@) { return {} },
    'tools/list' => sub ($request, $path, $) {
        return { tools => [ map { $_->{shown} } tools_at($path) ], modern($request) ? cache_hints() : () };
    },
    'tools/call' => \&call_tool,
);

sub tool ($name, $description, $properties, $paths, $run) {
    my %schema = (type => 'object', properties => $properties);
    $schema{required} = [ sort keys %$properties ] if %$properties;
    return { paths => $paths, run => $run, schema => \%schema, shown => { name => $name, description => $description, inputSchema => \%schema } };
}

sub tools_at ($path) {
    return grep { grep { $_ eq $path } @{ $_->{paths} } } @TOOLS;
}

sub cache_hints () { return (ttlMs => 60_000, cacheScope => 'public') }

# 2026-07-28 puts the version into every request, for there is no session that could remember it.
sub modern ($request) {
    my $params = ref $request->{params} eq 'HASH' ? $request->{params} : {};
    my $meta   = ref $params->{_meta} eq 'HASH' ? $params->{_meta} : {};
    return defined $meta->{'io.modelcontextprotocol/protocolVersion'} || $request->{method} eq 'server/discover';
}

sub call_tool ($request, $path, $fields) {
    my $params = $request->{params} // {};
    my ($tool) = grep { $_->{shown}{name} eq ($params->{name} // '') } tools_at($path);
    die [ -32602, 'Unknown tool: ' . ($params->{name} // '(none)') ] if !$tool;
    my $in    = $params->{arguments} // {};
    my $wrong = wrong_argument($tool->{schema}, $in);
    my $text  = $wrong // eval { $tool->{run}->($in, $fields) };
    my $error = defined $wrong || !defined $text;
    return { content => [ { type => 'text', text => $text // $@ =~ s/\n\z//r } ], $error ? (isError => JSON::PP::true) : () };
}

# The model can mend what it is told about, so this is a tool's result and no JSON-RPC error.
sub wrong_argument ($schema, $in) {
    return 'The arguments must be an object.' if ref $in ne 'HASH';
    for my $name (@{ $schema->{required} // [] }) {
        my $value = $in->{$name};
        return "The argument '$name' is missing." if !defined $value;
        my $fits = $schema->{properties}{$name}{type} eq 'number' ? is_number($value) : !ref $value && $value ne '';
        return "The argument '$name' is no $schema->{properties}{$name}{type}." if !$fits;
    }
    return undef;
}

sub is_number ($value) { return !ref $value && $JSON->encode($value) =~ /\A-?[0-9.eE+-]+\z/ }

sub rpc_error ($id, $code, $message, $data = undef) {
    return { jsonrpc => '2.0', id => $id, error => { code => $code, message => $message, defined $data ? (data => $data) : () } };
}

# One message of a body to its answer and the HTTP status that goes with it; no answer for notifications and responses.
sub answer ($message, $path, $fields) {
    return (rpc_error(undef, -32600, 'Not a JSON-RPC message'), 400) if ref $message ne 'HASH' || ($message->{jsonrpc} // '') ne '2.0';
    my $method = $message->{method};
    return () if !exists $message->{id} || !defined $method;
    if (my $mirrored = $fields->{'mcp-method'}) {
        return (rpc_error($message->{id}, -32020, 'Mcp-Method is not the method of the body'), 400) if $mirrored ne $method;
    }
    my $run = $METHOD{$method};
    return (rpc_error($message->{id}, -32601, "Method not found: $method"), modern($message) ? 404 : 200) if !$run;
    return (rpc_error($message->{id}, -32602, 'params is no object'), 200) if ref($message->{params} // {}) ne 'HASH';
    my $result = eval { $run->($message, $path, $fields) };
    return (rpc_error($message->{id}, ref $@ ? @{$@} : (-32603, 'Internal error')), 200) if !$result;
    $result->{resultType} = 'complete' if modern($message);
    return ({ jsonrpc => '2.0', id => $message->{id}, result => $result }, 200);
}

# A whole HTTP request to (status, JSON value or undef, header fields).
sub respond ($method, $path, $fields, $body) {
    return (404, rpc_error(undef, -32600, 'MCP is at /mcp and /admin-mcp')) if !tools_at($path);
    return (405, rpc_error(undef, -32600, 'Only POST: this server starts no event streams'), Allow => 'POST') if $method ne 'POST';
    my $version = $fields->{'mcp-protocol-version'};
    if (defined $version && !grep { $_ eq $version } @VERSIONS) {
        return (400, rpc_error(undef, -32022, 'Unsupported protocol version', { supported => \@VERSIONS, requested => $version }));
    }
    my $message = eval { $JSON->decode($body) };
    return (400, rpc_error(undef, -32700, 'The body is not JSON')) if $@;
    if (ref $message eq 'ARRAY' && @$message) {    # a batch, which 2025-03-26 has
        my @answers = map { (answer($_, $path, $fields))[0] // () } @$message;
        return @answers ? (200, \@answers) : (202, undef);
    }
    my ($answer, $status) = answer($message, $path, $fields);
    return $answer ? ($status, $answer) : (202, undef);
}

# Reads one request: (method, path, fields, body), or nothing when what came is none in time.
sub read_request ($client) {
    my ($buffer, $wait, $until) = ('', IO::Select->new($client), time + $PATIENCE);
    my $more = sub { time < $until && $wait->can_read($until - time) && sysread $client, $buffer, 65536, length $buffer };
    while ($buffer !~ /\r?\n\r?\n/) { return if length $buffer > 65536 || !$more->() }
    my ($head, $body) = split /\r?\n\r?\n/, $buffer, 2;
    my ($line, @lines) = split /\r?\n/, $head;
    my ($method, $path) = $line =~ m{\A([A-Z]+) (/[^ ?]*)\S* HTTP/1\.[01]\z} or return;
    my %fields;
    for (@lines) {
        my ($name, $value) = /\A([^\s:]+):[ \t]*(.*?)[ \t]*\z/ or return;
        $fields{ lc $name } = defined $fields{ lc $name } ? "$fields{ lc $name }, $value" : $value;
    }
    my $length = $fields{'content-length'} // 0;
    return if $length !~ /\A[0-9]{1,9}\z/ || exists $fields{'transfer-encoding'};
    return ($method, $path, \%fields, undef) if $length > $MAX_BODY;
    $buffer = $body;
    while (length $buffer < $length) { $more->() or return }
    return ($method, $path, \%fields, substr $buffer, 0, $length);
}

sub serve ($client) {
    my ($method, $path, $fields, $body) = read_request($client);
    my ($status, $answer, %more) =
        !$method       ? (400, rpc_error(undef, -32600, 'Not an HTTP request this server understands'))
      : !defined $body ? (413, rpc_error(undef, -32600, "More than $MAX_BODY bytes"))
      :                  respond($method, $path, $fields, $body);
    my $text = defined $answer ? $JSON->encode($answer) : '';
    %more = (%more, 'Content-Length' => length $text, Connection => 'close', length $text ? ('Content-Type' => 'application/json') : ());
    print {$client} "HTTP/1.1 $status $REASON{$status}\r\n", (map { "$_: $more{$_}\r\n" } sort keys %more), "\r\n", $method && $method eq 'HEAD' ? '' : $text;
    close $client;
    return;
}

sub main (@words) {
    my %option = (@words % 2 == 0 ? @words : (help => 1));
    my $port = delete $option{'--port'} // 0;
    die "usage: perl demo/backend.pl [--port N]\n" if %option || $port !~ /\A[0-9]{1,5}\z/;
    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 64, ReuseAddr => 1)
        or die "127.0.0.1:$port: $@\n";
    local $SIG{PIPE} = 'IGNORE';
    local $| = 1;
    say $listener->sockport;
    while (1) {
        my $client = $listener->accept or next;    # a signal in between is no reason to end
        eval { serve($client); 1 } or warn $@;
    }
    return;
}

main(@ARGV) if !caller;
1;
