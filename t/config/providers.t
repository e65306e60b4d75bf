#!/usr/bin/env perl
# D-30, J-12. docs/providers.md: every configuration starts, takes the tokens that are shown for it, and refuses others with the lines that
# are shown.
use v5.36;
use Digest::SHA ();
use MCPTest::AS;
use MCPTest::B64 'b64url';
use MCPTest::Backend;
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;
use MCPTest::Util qw(json_data keep_secret project_dir slurp spew tempdir);
use Test::More;

my $ROOT    = project_dir();
my $PAGE    = slurp("$ROOT/docs/providers.md");
my $KEY     = MCPTest::Key->get('RSA-2048');
my $BACKEND = MCPTest::Backend->start;
my $AS      = MCPTest::AS->start(keys => [$KEY]);
my $DIR     = tempdir();
spew("$DIR/jwks.json", MCPTest::Key::jwks($KEY));
spew("$DIR/secret", 's' x 48, 0600);

# What is wrong with the token of each refusal that is shown, in their order: claims of the shown token to change, undef to take one out; or
# a whole token.
my %WRONG = (
    'Microsoft Entra ID' => [ { aud => 'bbbbbbbb-cccc-4ddd-8eee-ffffffffffff' }, { iss => 'https://sts.windows.net/11111111-2222-4333-8444-555555555555/' } ],
    'Auth0'              => [ join('.', b64url('{"alg":"dir","enc":"A256GCM"}'), '', b64url('x' x 12), b64url('x' x 99), b64url('x' x 16)), { aud => 'https://api.example.com' } ],
    'Okta'               => [ { aud => 'api://default' } ],
    'Keycloak'           => [ { aud => 'account' } ],
    'Amazon Cognito'     => [ { aud => undef }, { token_use => undef } ],
    'Google'             => [],
    'WorkOS AuthKit'     => [ { aud => 'client_01EXAMPLE' } ],
    'Descope'            => [ { aud => 'P2example' } ],
);

# A configuration as it is shown, with files of ours, keys at hand, and addresses of this machine.
sub whole ($block) {
    my $url = $AS->url;
    return $block =~ s{file:/etc/apache2/mcp-client\.secret}{file:$DIR/secret}gr =~ s{https://[\w.]+(/oauth/v2/introspect)}{$url$1}gr
        =~ s{http://127\.0\.0\.1:8000}{$BACKEND->url}ger =~ s{^(<MCPIssuer .*>\n)(?!(?:(?!</MCPIssuer>).*\n)*\s+MCPTokenFormat +opaque)}{$1    MCPKeys file:$DIR/jwks.json\n}mgr
        =~ s{^MCPIssuer (\S+)$}{<MCPIssuer "$1">\n    MCPKeys file:$DIR/jwks.json\n</MCPIssuer>}mgr;
}

sub token ($claims, $change = {}) {
    my %claims = (%$claims, %$change);
    delete @claims{ grep { !defined $claims{$_} } keys %claims };
    return MCPTest::JWT->new(key => $KEY)->mint(without => [ grep { !exists $claims{$_} } qw(sub client_id jti) ], %claims, _header => { typ => 'JWT' });
}

# A line of the log that is shown, for a token of ours.
sub line_for ($shown, $token) {
    my $tag = substr Digest::SHA::sha256_hex($token), 0, 8;
    return $shown =~ s/, token \w{8}/, token $tag/r =~ s/\n\z//r;
}

# The claims of a token that rules on the page ask for.
sub drop ($claims) { return grep { exists $claims->{$_} } qw(scope scp groups client_id urn:zitadel:iam:org:project:roles) }

my ($intro, @sections) = split /^## /m, $PAGE;
my %BLOCKS;
for my $section (@sections) {
    my ($name) = $section =~ /\A(.*)\n/;
    $BLOCKS{$name} = [ map { { language => $_->[0], text => $_->[1] } } pairs($section =~ /^```(\w+)\n(.*?)^```$/msg) ];
}

sub pairs (@list) {
    my @pairs;
    push @pairs, [ splice @list, 0, 2 ] while @list;
    return @pairs;
}

for my $name (map { /\A(.*)\n/ } @sections) {
    subtest $name => sub {
        my (%now, @wrong);
        my $shown = 0;
        for my $block (@{ $BLOCKS{$name} }) {
            if ($block->{language} eq 'apache') {
                my ($ok, $said) = MCPTest::Httpd->config_test($block->{text} =~ s{file:/etc/apache2/mcp-client\.secret}{file:$DIR/secret}gr);
                ok $ok, 'the configuration starts as it stands' or diag $said;
                is_deeply [ grep { $_ ne 'MCPAudience' } $said =~ /MCP0301: (\w+)/g ], [], 'nothing unwise but an audience';
                next if $block->{text} !~ /MCPIssuer/;
                %now = (httpd => MCPTest::Httpd->start(conf => whole($block->{text}), log_level => 'warn auth_mcp:info', modules => ['socache_shmcb']));
                $now{http} = MCPTest::HTTP->new($now{httpd}->url);
                is $now{http}->post_json('/mcp', { id => 1 })->status, 401, 'a client without a token is refused';
            }
            elsif ($block->{language} eq 'json') {
                my $claims = json_data($block->{text});
                my $ask    = sub ($token) { $now{http}->post_json('/mcp', { id => 1 }, Authorization => "Bearer $token")->status };
                $now{claims} = $claims;
                if (exists $claims->{active}) {
                    $AS->reply('/oauth/v2/introspect' => { json => $claims });
                    is $ask->('opaque-one'), 200, 'the answer that is shown lets in';
                    $AS->reply('/oauth/v2/introspect' => { json => { %$claims, aud => 'other' } });
                    is $ask->('opaque-two'), 401, 'with another audience it does not';
                    $AS->reply('/oauth/v2/introspect' => { json => { %$claims, map { ($_ => undef) } drop($claims) } });
                    is $ask->('opaque-three'), 403, 'nor without what the rule asks for';
                    next;
                }
                is $ask->(token($claims)), 200, 'the token that is shown is let in' or diag $now{httpd}->error_log;
                is $BACKEND->last_request->{path}, '/mcp', 'to the server behind';
                is $ask->(token($claims, { aud => 'other', client_id => 'other' })), 401, 'with another audience it is not';
                next if !drop($claims);
                is $ask->(token($claims, { aud => $claims->{aud} // $claims->{client_id}, map { ($_ => undef) } drop($claims) })), 403, 'nor without what the rule asks for';
            }
            elsif ($block->{text} =~ /^MCPProfile:/) {
                my ($profile) = $block->{text} =~ /'(\w+)'/;
                my ($ok, $said) = MCPTest::Httpd->config_test("MCPIssuer https://auth.example.com\nMCPProfile $profile\n");
                ok !$ok && index($said, $block->{text}) >= 0, 'the error that is shown' or diag $said;
            }
            else {
                my $wrong = $WRONG{$name}[ $shown++ ] // return fail "nothing is known of the token of $block->{text}";
                my $token = ref $wrong ? token($now{claims}, $wrong) : $wrong;
                keep_secret($token);
                is $now{http}->post_json('/mcp', { id => 1 }, Authorization => "Bearer $token")->status, 401, 'the token of the failure is refused';
                my $line = line_for($block->{text}, $token);
                ok $now{httpd}->wait_log(qr/\Q$line\E$/m), 'with the line that is shown' or diag $now{httpd}->error_log;
            }
        }
        is $shown, scalar @{ $WRONG{$name} // [] }, 'each failure is shown';
    };
}

subtest 'the page is complete' => sub {
    my %profile = map { $_ => 1 } slurp("$ROOT/src/core/profile.c") =~ /^    \{ \.name = "(\w+)"/mg;
    for my $profile (grep { $_ ne 'none' } sort keys %profile) {
        ok scalar(grep { $_->{text} =~ /MCPProfile(?::? +| +)'?$profile\b/ } map { @$_ } values %BLOCKS), "there is a recipe for $profile";
    }
    my @table = $intro =~ /^\| \[(.+?)\]/mg;
    is_deeply \@table, [ grep { !/^What holds/ } map { /\A(.*)\n/ } @sections ], 'the table names the sections';
    for my $row ($intro =~ /^\| \[.*$/mg) {
        my ($name, $profile) = $row =~ /^\| \[(.+?)\].*?\| `?(\w+)`? \|/;
        my $used = join ' ', map { $_->{text} =~ /^ +MCPProfile +(\w+)$/mg } @{ $BLOCKS{$name} };
        is $used =~ s/ .*//r, $profile eq 'none' ? '' : $profile, "$name: the profile of the table";
    }
    is_deeply [ grep { !/^(?:apache|json|text)$/ } map { $_->{language} } map { @$_ } values %BLOCKS ], [], 'every block is of a kind that is looked at';
};

done_testing;
