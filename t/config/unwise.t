#!/usr/bin/perl
# W-19. Lines that are right one by one and together leave open what somebody meant to protect: the server says so when it
# starts. And it says nothing of the same lines where they do no harm.

use v5.36;
use Test::More;
use MCPTest::Httpd;
use MCPTest::Util 'tempdir';

my $dir = tempdir();
my $mcp = "AuthType MCP\nMCPResource https://h.example/mcp\n";

sub location ($lines) { return "<Location \"/mcp\">\n$lines\n</Location>\n" }

# What is said, configuration.
my @rows = (
    [ [qr/Require .*'Require all granted' beside it/], location("${mcp}Require mcp-scope a\nRequire  all   Granted") ],
    [ [qr/Require .*'Require all granted' beside it/], location("${mcp}<RequireAny>\nRequire all granted\nRequire mcp-role a\nRequire mcp-role b\n</RequireAny>") ],
    [ [], location("${mcp}<RequireAll>\nRequire all granted\nRequire mcp-scope a\n</RequireAll>") ],
    [ [], location("${mcp}<RequireAll>\nRequire all granted\n<RequireNone>\nRequire mcp-scope a\n</RequireNone>\n</RequireAll>") ],
    [ [], location("${mcp}Require all denied\nRequire mcp-scope a\nRequire mcp-scope b\nRequire ip 192.0.2.1") ],
    [ [qr/Require .*'Require valid-user' beside it/], location("${mcp}Require valid-user\nRequire mcp-scope a\nRequire mcp-claim b c") ],
    [ [], location("${mcp}<RequireAll>\nRequire valid-user\nRequire mcp-scope a\n</RequireAll>") ],
    [ [qr/Require .*'Satisfy Any'/], location("${mcp}Require mcp-scope a\nSatisfy any") ],
    [ [qr/Require .*'Satisfy Any'/], location("${mcp}Satisfy Any\n<RequireAll>\nRequire mcp-scope a\n</RequireAll>") ],
    [ [], location("${mcp}Require mcp-scope a\nSatisfy All") ],
    [ [qr/MCPResource .*no AuthType MCP/], location('MCPResource https://h.example/mcp') ],
    [ [qr/MCPResource .*no AuthType MCP/], location("${mcp}Require valid-user") . "<Location \"/other\">\nMCPResource https://h.example/other\n</Location>\n" ],
    [ [], "<Location \"/\">\n${mcp}Require valid-user\n</Location>\n" . location('MCPResource https://h.example/mcp') ],
    [ [], "<LocationMatch \"^/\">\nAuthType mcp\nRequire valid-user\n</LocationMatch>\n" . location('MCPResource https://h.example/mcp') ],
    [ [], location("AuthType MCP\n<If \"true\">\nMCPResource https://h.example/mcp\nRequire valid-user\n</If>") ],
    [ [], "<Location />\n${mcp}Require valid-user\n</Location>\n<Location /mcp>\nMCPResource https://h.example/mcp\n</Location>\n" ],
    ( map { [ [], "<$_>\n${mcp}Require valid-user\n</" . (/(\w+)/)[0] . ">\n" . location('MCPResource https://h.example/mcp') ] } 'LocationMatch "^/(mcp|x)"', 'Location ~ "/m"', 'Location "/m*"', 'If "true"' ),
    [ [qr/MCPResource .*no AuthType MCP/], "<Location /other>\n${mcp}Require valid-user\n</Location>\n<Location /mcp>\nMCPResource https://h.example/mcp\n</Location>\n" ],
    [ [], "<VirtualHost *:9>\n<Directory \"$dir\">\nAuthType MCP\n</Directory>\n<Location \"/mcp\">\nMCPResource https://h.example/mcp\n</Location>\n</VirtualHost>\n" ],
    [ [qr/MCPResource .*this <Directory> is not there/], "<Directory \"/mcp\">\n${mcp}Require valid-user\n</Directory>\n" ],
    [ [], "<Directory \"$dir\">\n${mcp}Require valid-user\n</Directory>\n" ],
    [ [], "<Directory \"/mcp/*\">\n${mcp}Require valid-user\n</Directory>\n" ],
    [ [], "<DirectoryMatch \"^/mcp\">\n${mcp}Require valid-user\n</DirectoryMatch>\n" ],
);
for my $row (@rows) {
    my ($expected, $conf) = @$row;
    my $name = 'W-19 ' . ($conf =~ s/\s+/ /gr);
    my ($ok, $said) = MCPTest::Httpd->config_test("MCPIssuer https://as.example\n$conf", modules => ['access_compat']);
    my @said = $said =~ /^.*MCP0301: (.*)$/mg;
    ok $ok && @said == @$expected, "$name: legal, and what is said is one line or none" or diag $said;
    like $said[$_] // '', $expected->[$_], "$name: why" for keys @$expected;
}

done_testing;
