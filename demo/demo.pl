#!/usr/bin/env perl
# make demo: an MCP server behind httpd with mod_auth_mcp, walked through step by step, each step checked. Then it stays up for
# your own client until Ctrl-C.
#
#     CHECK=1 make demo     the walk alone, without colours; ends with 0 when every check held, else 1
#     PORT=8080 make demo   on that port instead of any free one
#     BUILD=dir, APXS=path  another build tree, another httpd
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Demo::Screen;
use Demo::Server;
use HTTP::Tiny;
use JSON::PP;

my $CHECK  = $ENV{CHECK};
my $ISSUER = 'https://auth.example.com';
my $JSON   = JSON::PP->new->utf8->canonical;
my $HTTP   = HTTP::Tiny->new(agent => 'demo', max_redirect => 0, timeout => 20, proxy => undef, http_proxy => undef, https_proxy => undef);
my $SCREEN = Demo::Screen->new(colour => -t STDOUT && !$CHECK && !defined $ENV{NO_COLOR});
my $SERVER;
my $ENDING = 130;    # the exit code for Ctrl-C; 0 once the walk is done
my $ID     = 0;
my @TOKENS;

END {
    local ($?, $@, $!);
    $SIG{$_} = 'IGNORE' for qw(INT TERM HUP);
    $SERVER->stop if $SERVER;
    say 'Ended; httpd and the MCP server are stopped, the directory is removed.' if $SERVER && !$ENDING;
}

# Sends one JSON-RPC request to /mcp or /admin-mcp and shows both ways.
sub ask ($path, $token, $method, $params = undef, %fields) {
    my $url  = $SERVER->url($path);
    my $body = '{"jsonrpc":"2.0","id":' . ++$ID . qq(,"method":"$method") . (defined $params ? ',"params":' . $JSON->encode($params) : '') . '}';
    my %head = (
        'Content-Type' => 'application/json', Accept => 'application/json, text/event-stream',
        'MCP-Protocol-Version' => '2025-11-25', defined $token ? (Authorization => "Bearer $token") : (), %fields,
    );
    delete $head{'MCP-Protocol-Version'} if $method eq 'initialize';
    $SCREEN->lines('>', "POST $url", (map { "$_: $head{$_}" } grep { /^(?:Authorization|X[-_])/ } sort keys %head), $body);
    return shown($HTTP->post($url, { headers => \%head, content => $body }));
}

sub shown ($answer) {
    my $h = $answer->{headers};
    my @challenge = map { ref ? @$_ : $_ // () } $h->{'www-authenticate'};
    $SCREEN->lines('<', "$answer->{status} $answer->{reason}", (map { "WWW-Authenticate: $_" } @challenge), $answer->{content} // ());
    $answer->{challenge} = join ', ', @challenge;
    $answer->{json}      = eval { $JSON->decode($answer->{content}) } // {};
    return $answer;
}

# What mcp-token prints.
sub run_tool (@words) {
    open my $pipe, '-|', $SERVER->token_tool, @words or die "mcp-token: $!\n";
    my $said = join '', readline $pipe;
    close $pipe or die "mcp-token $words[0] failed\n";
    return $said;
}

sub mint (%claim) {
    my @words = ('mint', '--key', $SERVER->dir . '/private.pem', '--issuer', $ISSUER, map { ("--$_" => $claim{$_}) } qw(audience subject scope lifetime));
    $SCREEN->command('mcp-token', @words) if !$claim{quiet};
    chomp(my $token = run_tool(@words));
    push @TOKENS, $SCREEN->shorten($token);
    $SCREEN->lines('<', $token) if !$claim{quiet};
    return $token;
}

sub check ($holds, $what) { return $SCREEN->check($holds, $what) }

# The text a tool answered with.
sub text_of ($answer) { return $answer->{json}{result}{content}[0]{text} // '' }

sub configuration ($backend) {
    my ($keys, $mcp, $admin) = ($SERVER->dir . '/jwks.json', $SERVER->url('/mcp'), $SERVER->url('/admin-mcp'));
    return <<"CONF";
<MCPIssuer "$ISSUER">
    MCPKeys "file:$keys"
</MCPIssuer>
<Location "/mcp">
    AuthType MCP
    MCPResource $mcp
    Require mcp-scope notes:read
    ProxyPass $backend/mcp
</Location>
<Location "/admin-mcp">
    AuthType MCP
    MCPResource $admin
    Require mcp-scope notes:read notes:write
    ProxyPass $backend/admin-mcp
</Location>
CONF
}

sub build () {
    $SCREEN->step('The parts');
    $SCREEN->explain('A small MCP server (demo/backend.pl) that knows nothing about logins; a key pair, which stands for an '
        . 'authorization server; and this in a private httpd, on the loopback only:');
    $SERVER->reserve_port;
    my $backend = $SERVER->start_backend;
    run_tool('keygen', '--dir', $SERVER->dir);
    my $lines = configuration($backend);
    $SCREEN->file($lines);
    $SERVER->start_httpd($lines);
    check(1, 'all of it runs: ' . $SERVER->url('/mcp'));
    return;
}

sub without_token () {
    $SCREEN->step('A client that knows nothing but the URL');
    $SCREEN->explain('It asks for the tools and has no token. The answer tells it what to do about that.');
    my $answer = ask('/mcp', undef, 'tools/list');
    check($answer->{status} == 401, 'the status is 401');
    check($answer->{challenge} =~ /^Bearer /, 'the challenge is for a Bearer token');
    check($answer->{challenge} =~ /\bscope="notes:read"/, 'it names the scope to ask for');
    check($answer->{challenge} !~ /\berror=/, 'it names no error, for nothing was wrong with a token');
    check(($answer->{json}{id} // '') eq $ID && $answer->{json}{error}, 'the body is a JSON-RPC error with the id of the request');
    my ($url) = $answer->{challenge} =~ /\bresource_metadata="([^"]+)"/;
    check($url && $url eq $SERVER->url('/.well-known/oauth-protected-resource/mcp'), 'it says where the metadata is');
    return $url // $SERVER->url('/');
}

sub metadata ($url) {
    $SCREEN->step('The metadata');
    $SCREEN->explain('From there the client learns which authorization server gives tokens for this MCP server. No token is needed to read it.');
    $SCREEN->lines('>', "GET $url");
    my $answer = shown($HTTP->get($url));
    my $doc    = $answer->{json};
    check($answer->{status} == 200, 'the status is 200');
    check(($doc->{resource} // '') eq $SERVER->url('/mcp'), 'the resource is the very URL of the MCP server');
    check("@{ $doc->{authorization_servers} // [] }" eq $ISSUER, 'the authorization server is the issuer that httpd trusts');
    check("@{ $doc->{scopes_supported} // [] }" eq 'notes:read', 'the scopes are those of the Require line');
    return;
}

sub with_token () {
    $SCREEN->step('A token');
    $SCREEN->explain('A real client would now send its user to the authorization server. Here mcp-token signs what that would have given it.');
    my $token = mint(audience => $SERVER->url('/mcp'), subject => 'alice', scope => 'notes:read', lifetime => '10m');
    check($token =~ /\A[\w-]+\.[\w-]+\.[\w-]+\z/, 'a signed JWT');

    $SCREEN->step('The tools, at last');
    $SCREEN->explain('With the token, the same MCP server answers like any other.');
    my $answer = ask('/mcp', $token, 'initialize',
        { protocolVersion => '2025-11-25', capabilities => {}, clientInfo => { name => 'demo', version => '1' } });
    check($answer->{status} == 200 && $answer->{json}{result}{protocolVersion}, 'initialize works');
    $answer = ask('/mcp', $token, 'tools/list');
    my @names = map { $_->{name} } @{ $answer->{json}{result}{tools} // [] };
    check($answer->{status} == 200 && "@names" eq 'add read_note whoami', "tools/list works: @names");
    $answer = ask('/mcp', $token, 'tools/call', { name => 'read_note', arguments => { title => 'welcome' } });
    check($answer->{status} == 200 && text_of($answer) =~ /Hello from behind httpd/, 'tools/call works');
    check($answer->{challenge} eq '', 'and no challenge is left over');
    return $token;
}

sub identity ($token) {
    $SCREEN->step('What the MCP server gets to see');
    $SCREEN->explain('The tool whoami shows every header field that arrived. The client even tries to be somebody else.');
    my $answer = ask('/mcp', $token, 'tools/call', { name => 'whoami', arguments => {} }, 'X-MCP-Subject' => 'root', 'X_MCP_Subject' => 'root');
    my $seen   = { map { split /: /, $_, 2 } split /\n/, text_of($answer) };
    check($answer->{status} == 200 && ($seen->{'x-mcp-subject'} // '') eq 'alice', 'X-MCP-Subject is alice, as the token says');
    check(!grep({ /mcp.subject/ && $seen->{$_} ne 'alice' } keys %$seen), 'no spelling of it says root');
    check(($seen->{'x-mcp-scope'} // '') eq 'notes:read', 'X-MCP-Scope is what was granted');
    check(%$seen && !exists $seen->{authorization}, 'there is no Authorization field');
    check(%$seen && index(text_of($answer), $token) < 0, 'the token is nowhere at all');
    return;
}

sub other_door ($token) {
    $SCREEN->step('Another server, another token');
    $SCREEN->explain('/admin-mcp is a resource of its own. A token for /mcp was never meant for it, whatever scopes it has.');
    my $answer = ask('/admin-mcp', $token, 'tools/list');
    check($answer->{status} == 401, 'the status is 401');
    check($answer->{challenge} =~ /\berror="invalid_token"/, 'the token is refused here');
    check($answer->{challenge} =~ m{oauth-protected-resource/admin-mcp"}, 'the metadata it names is that of /admin-mcp');
    return;
}

sub step_up () {
    my %who = (audience => $SERVER->url('/admin-mcp'), subject => 'alice', lifetime => '10m');
    $SCREEN->step('A scope is missing');
    $SCREEN->explain('A token for the right server, but alice has only been granted reading.');
    my $note   = { name => 'write_note', arguments => { title => 'today', text => 'httpd let me write this.' } };
    my $answer = ask('/admin-mcp', mint(%who, scope => 'notes:read'), 'tools/call', $note);
    check($answer->{status} == 403, 'the status is 403, not 200 and not 401');
    check($answer->{challenge} =~ /\berror="insufficient_scope"/, 'the error is insufficient_scope');
    my ($scope) = $answer->{challenge} =~ /\bscope="([^"]+)"/;
    check(($scope // '') eq 'notes:read notes:write', 'all the scopes it takes, in one challenge');

    $SCREEN->step('The step-up');
    $SCREEN->explain('The client asks for exactly these scopes, and comes back.');
    my $token = mint(%who, scope => $scope || 'notes:read');
    $answer = ask('/admin-mcp', $token, 'tools/call', $note);
    check($answer->{status} == 200 && text_of($answer) eq 'Written: today', 'the note is written');
    $answer = ask('/admin-mcp', $token, 'tools/call', { name => 'read_note', arguments => { title => 'today' } });
    check(text_of($answer) eq 'httpd let me write this. (by alice)', 'and signed with the name that httpd vouched for');
    return;
}

sub record () {
    $SCREEN->step('What httpd wrote down');
    my @log = grep { /auth_mcp/ } split /\n/, $SERVER->log('error_log');
    $SCREEN->explain('The refusals above, one line each in the error log:');
    $SCREEN->lines('<', map { s/^(?:\[[^\]]*\] )*(?=\S)//r } @log);
    check(@log >= 2, 'each refusal has its line');
    my $all = join '', map { $SERVER->log($_) } qw(error_log console backend_log);
    check(!grep({ my ($signature) = /\.([^.]+)\z/; index($all, $signature) >= 0 } @TOKENS), 'no log has a token in it');
    check($SERVER->alive, 'and everything still runs');
    return;
}

sub finish () {
    my $failed = $SCREEN->failed;
    say '';
    die "$failed checks did not hold. The error log of httpd:\n" . $SERVER->log('error_log') if $failed;
    say 'Every check held.';
    return;
}

# Until Ctrl-C, or until a part dies by itself.
sub stay () {
    $ENDING = 0;
    my $url   = $SERVER->url('/mcp');
    my $token = mint(audience => $url, subject => 'alice', scope => 'notes:read', lifetime => '8h', quiet => 1);
    say "\nNow yours, until Ctrl-C:\n";
    say "   URL     $url";
    say "   token   (8 hours, scope notes:read)\n\n$token\n";
    say "   MCP Inspector\n\nnpx \@modelcontextprotocol/inspector\@latest --cli $url --method tools/list --header \"Authorization: Bearer $token\"\n";
    say '   More tokens: ' . $SERVER->token_tool . ' mint --key ' . $SERVER->dir . "/private.pem --issuer $ISSUER \\";
    say "       --audience $url --scope notes:read --subject bob";
    say '   Log: ' . $SERVER->dir . '/error_log';
    while ($SERVER->alive) { select undef, undef, undef, 0.5 }
    die "A part ended by itself.\n" . $SERVER->log('error_log') . $SERVER->log('backend_log');
}

sub main () {
    local $| = 1;
    $SIG{$_} = sub { print "\n"; exit $ENDING } for qw(INT TERM HUP);
    $SCREEN->title('mod_auth_mcp: an MCP server behind httpd');
    $SERVER = Demo::Server->new;
    build();
    metadata(without_token());
    my $token = with_token();
    identity($token);
    other_door($token);
    step_up();
    record();
    finish();
    stay() if !$CHECK;
    return;
}

exit 0 if eval { main(); 1 };
print STDERR $@;
exit 1;
