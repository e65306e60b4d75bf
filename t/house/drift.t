#!/usr/bin/perl
# What must be said in two places is said in both: directives in the manual, an example and a test; refusals in a test; marks once.
# What the manual says of them is compared by t/config/manual.t.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;

use House;
use Test::More;

# Log marks.
my %place;
for my $file (files('mod_auth_mcp.c', 'src/*/*.[ch]')) {
    my @lines = split /\n/, code($file);
    for my $n (0 .. $#lines) {
        push @{ $place{$1} }, "$file:" . ($n + 1) while $lines[$n] =~ /\b(MCP\d{4})\b/g;
    }
}
ok(keys %place > 10, scalar(keys %place) . ' log marks');
for my $mark (sort keys %place) {
    is(scalar @{ $place{$mark} }, 1, "$mark is at one place") or diag("@{$place{$mark}}");
}

# Directives. A section is registered with its angle bracket.
my $commands = join '', map { code($_) } files('src/httpd/cmds*.c');
my @directives = sort map { s/^<//r } $commands =~ /AP_INIT_\w+\(\s*"(<?MCP\w+)"/g;
ok(@directives > 20, scalar(@directives) . ' directives');
my $manual = slurp('docs/mod_auth_mcp.md');
my $examples = join '', map { slurp($_) } files('conf-examples/*.conf', 'conf-examples/*.htaccess');
my $tests = join '', map { slurp($_) } grep { !m{/manual\.t$} } files('t/config/*.t', 't/httpd/*.t');
my %seen;
for my $directive (grep { !$seen{$_}++ } @directives) {
    ok(scalar($manual =~ qr/^#+ .*\b$directive\b/m), "$directive has its heading in the manual");
    ok(scalar($examples =~ qr/^\s*<?$directive\b/m), "$directive is shown in an example");
    ok(scalar($tests =~ qr/\b$directive\b/), "$directive is in a test");
}
my %known = map { $_ => 1 } @directives;
my @phantoms = grep { !$known{$_} && !$seen{$_}++ } $manual =~ /^#+ .*?\b(MCP[A-Z][A-Za-z]+)\b/mg;
is_deeply(\@phantoms, [], 'the manual has no heading for a directive that does not exist');
@phantoms = grep { !$known{$_} && !$seen{$_}++ } $examples =~ /^\s*<?\/?(MCP[A-Z][A-Za-z]+)\b/mg;
is_deeply(\@phantoms, [], 'nor has an example');

# Refusals: a row is produced by a unit test, under its constant, or by a live server, under its name or with its words. A name alone
# may be any word, so it has to stand where a reason does: quoted, or behind "refused", a colon or an equals sign.
my $table = code('src/core/reason.c');
my (%name_of, %text_of);
while ($table =~ /\[(MCP_\w+)\]\s*=\s*\{\s*"(\w+)",[^"}]*(?:"\w+",)?[^"}]*"([^"]+)"\s*\}/g) {
    ($name_of{$1}, $text_of{$1}) = ($2, $3);
}
my ($constants) = code('src/core/reason.h') =~ /typedef enum \{(.*?)\} mcp_reason_t/s;
my @reasons = grep { $_ ne 'MCP_REASON_COUNT' } $constants =~ /\b(MCP_\w+)\b/g;
is_deeply([ sort keys %name_of ], [ sort @reasons ], 'every refusal has its row');
my $units = join '', map { code($_) } grep { !m{/reason\.c$} } files('t/unit/*.c');
for my $reason (grep { $_ ne 'MCP_OK' } @reasons) {
    my $name = $name_of{$reason};
    my $produced = $units =~ /\b$reason\b/ || $tests =~ /(?:['"=:]\s?|refused |qw\([^)]*\b)\Q$name\E\b|\Q$text_of{$reason}\E/;
    ok($produced, "$reason, $name, is produced in a test");
}

done_testing;
