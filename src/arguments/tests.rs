//! The engine as modules see it: what comes of whole sets of options.

use serde_json::{Value, json};

use super::*;

const OLD: Removal = Removal {
    when: When::Version("2.0.0"),
    collection: "goldentooth.cross_compile",
};

const LOGIN: Options = Options::new(&[
    Argument::new("enabled", Type::Bool).default(Literal::Bool(false)),
    Argument::new("username", Type::Str).aliases(&[Alias::new("user")]),
    Argument::new("token", Type::Str)
        .no_log()
        .aliases(&[Alias::new("key").removed(OLD)]),
    Argument::new("ports", Type::List).harmless(),
])
.related(Relations {
    required_by: &[RequiredBy {
        option: "username",
        required: &["token"],
    }],
    ..Relations::NONE
});

const OPTIONS: Options = Options::new(&[
    Argument::new("state", Type::Str)
        .default(Literal::Str("present"))
        .choices(&[Literal::Str("present"), Literal::Str("absent")]),
    Argument::new("version", Type::Str).aliases(&[Alias::new("branch"), Alias::new("tag")]),
    Argument::new("depth", Type::Int),
    Argument::list("names", Type::Str)
        .default(Literal::List(&[Literal::Str("envoy"), Literal::Str("consul")])),
    Argument::new("login", Type::Dict)
        .suboptions(LOGIN)
        .apply_defaults(),
    Argument::list("mirrors", Type::Dict).suboptions(LOGIN),
    Argument::new("extra", Type::Dict).default(Literal::Dict(&[("a", Literal::Int(1))])),
    Argument::new("old", Type::Raw).removed(OLD),
    Argument::new("host", Type::Str).fallback(&["UNSET_HOST", "FETCH_HOST"]),
    Argument::new("processors", Type::Int).computed("the machine's processors"),
])
.related(Relations {
    mutually_exclusive: &[&["version", "depth"]],
    required_if: &[RequiredIf {
        option: "state",
        value: Literal::Str("absent"),
        required: &["old", "version"],
        any: true,
    }],
    ..Relations::NONE
});

const SPECIFICATION: Specification = Specification::new("fetch", OPTIONS);

#[derive(Debug)]
struct Nothing;

impl Environment for Nothing {
    fn variable(&self, name: &str) -> Option<String> {
        (name == "FETCH_HOST").then(|| "unix:///run/engine".to_owned())
    }

    fn home(&self, _: Option<&str>) -> Option<String> {
        None
    }
}

const CONTEXT: Context<'static> = Context {
    module_name: None,
    ignore_unknown_opts: false,
    no_log: false,
    environment: &Nothing,
};

fn parsed(raw: Value) -> Result<Parsed, Box<Rejected>> {
    let Value::Object(raw) = raw else {
        panic!("options are an object")
    };
    parse(&SPECIFICATION, raw, &CONTEXT)
}

#[test]
fn every_option_is_there_with_its_default() {
    let parsed = parsed(json!({"_ansible_check_mode": true, "_ansible_never_heard_of": 1})).unwrap();
    assert_eq!(
        Value::Object(parsed.parameters),
        json!({
            "state": "present", "version": null, "depth": null, "names": ["envoy", "consul"],
            "login": {"enabled": false, "username": null, "token": null, "ports": null},
            "mirrors": null, "extra": {"a": 1}, "old": null, "host": "unix:///run/engine", "processors": null,
        })
    );
    assert!(parsed.secrets.is_empty() && parsed.warnings.is_empty() && parsed.deprecations.is_empty());
}

#[test]
fn a_dict_given_in_part_keeps_the_other_defaults() {
    let parsed =
        parsed(json!({"login": "enabled=yes", "mirrors": [{"ports": "80,81"}, "enabled=1"]})).unwrap();
    assert_eq!(
        parsed.parameters["login"],
        json!({"enabled": true, "username": null, "token": null, "ports": null})
    );
    assert_eq!(parsed.parameters["mirrors"][0]["ports"], json!(["80", "81"]));
    assert_eq!(parsed.parameters["mirrors"][1]["enabled"], true);
}

#[test]
fn a_boolean_for_an_integer_ends_as_the_number_it_equals() {
    let parsed = parsed(json!({"depth": true})).unwrap();
    assert_eq!(parsed.parameters["depth"], json!(1));
}

#[test]
fn complaints_use_ansibles_words_and_its_order() {
    for (raw, message) in [
        (
            json!({"depth": "x", "state": "gone"}),
            "argument 'depth' is of type str and we were unable to convert to int: \"'x'\" cannot be converted to an int",
        ),
        (
            json!({"state": "gone", "nope": 1}),
            "value of state must be one of: present, absent, got: gone",
        ),
        (
            json!({"nope": 1, "login": {"w": 2}, "tag": "v1"}),
            "Unsupported parameters for (fetch) module: login.w, nope. Supported parameters include: depth, extra, host, login, mirrors, names, old, processors, state, version (branch, tag).",
        ),
        (
            json!({"version": null, "depth": null}),
            "parameters are mutually exclusive: version|depth",
        ),
        (
            json!({"state": "absent"}),
            "state is absent but any of the following are missing: old, version",
        ),
        (
            json!({"names": [{}, null], "login": {"enabled": "maybe"}, "depth": []}),
            "argument 'depth' is of type list and we were unable to convert to int: \"[]\" cannot be converted to an int",
        ),
        (
            json!({"login": {"ports": {}}}),
            "argument 'ports' is of type dict found in 'login'. and we were unable to convert to list: <class 'dict'> cannot be converted to a list",
        ),
        (
            json!({"mirrors": [{}, {"username": "u"}]}),
            "missing parameter(s) required by 'username': token found in mirrors",
        ),
        (
            json!({"mirrors": ["x"]}),
            "dictionary requested, could not parse JSON or key=value",
        ),
        (
            json!({"login": 5}),
            "Value '5' in the sub parameter field 'login' must be a dict, not 'int'",
        ),
        (
            json!({"names": null}),
            "argument 'names' is of type NoneType and we were unable to convert to list: <class 'NoneType'> cannot be converted to a list",
        ),
    ] {
        assert_eq!(parsed(raw).unwrap_err().message, message);
    }
}

#[test]
fn the_name_that_the_user_typed_is_complained_of() {
    let raw = Parameters::from_iter([("nope".to_owned(), json!(1))]);
    let context = Context {
        module_name: Some("goldentooth.x.fetch"),
        ..CONTEXT
    };
    let rejected = parse(&SPECIFICATION, raw.clone(), &context).unwrap_err();
    assert!(
        rejected
            .message
            .starts_with("Unsupported parameters for (goldentooth.x.fetch) module: nope. ")
    );

    let context = Context {
        ignore_unknown_opts: true,
        ..CONTEXT
    };
    assert_eq!(
        parse(&SPECIFICATION, raw, &context).unwrap().parameters["nope"],
        1
    );
}

#[test]
fn the_last_alias_wins_and_stays() {
    let parsed = parsed(json!({"version": "a", "branch": "b", "tag": "c", "login": {"user": "u", "username": "v", "token": "t"}})).unwrap();
    assert_eq!(parsed.parameters["version"], "c");
    assert_eq!(parsed.parameters["branch"], "b");
    assert_eq!(
        parsed.warnings,
        [
            "Both option login.username and its alias login.user are set.",
            "Both option version and its alias branch are set.",
            "Both option version and its alias tag are set.",
        ]
    );
}

#[test]
fn deprecations_carry_what_every_core_accepts() {
    let parsed = parsed(json!({"old": 1, "mirrors": [{"key": "t"}, {"key": "t"}]})).unwrap();
    assert_eq!(
        serde_json::to_value(&parsed.deprecations).unwrap(),
        json!([
            {"msg": "Param 'old' is deprecated. See the module docs for more information", "version": "2.0.0", "collection_name": "goldentooth.cross_compile"},
            {"msg": "Alias 'mirrors[0].key' is deprecated. See the module docs for more information", "version": "2.0.0", "collection_name": "goldentooth.cross_compile"},
            {"msg": "Alias 'mirrors[1].key' is deprecated. See the module docs for more information", "version": "2.0.0", "collection_name": "goldentooth.cross_compile"},
        ])
    );
}

#[test]
fn secrets_are_found_in_every_form_also_when_the_options_are_wrong() {
    for raw in [
        json!({"login": {"token": "s3cret"}}),
        json!({"login": {"key": "s3cret"}}),
        json!({"login": "token=s3cret"}),
        json!({"login": r#"{"token": "s3cret"}"#}),
        json!({"mirrors": [5, {"token": "s3cret"}]}),
        json!({"mirrors": {"token": "s3cret"}}),
        json!({"depth": "x", "mirrors": ["token=s3cret"]}),
    ] {
        let secrets = match parsed(raw.clone()) {
            Ok(parsed) => parsed.secrets,
            Err(rejected) => rejected.secrets,
        };
        assert!(secrets.contains(&"s3cret".to_owned()), "{raw}");
    }
}

#[test]
fn the_invocation_shows_everything_but_secrets() {
    let parsed = parsed(json!({"login": {"token": "s3cret"}, "branch": "s3cret-1"})).unwrap();
    let shown = invocation(&parsed.parameters, &parsed.secrets);
    assert_eq!(
        shown["module_args"]["login"]["token"],
        "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
    );
    assert_eq!(shown["module_args"]["branch"], "********-1");
    assert_eq!(shown["module_args"]["state"], "present");
}

#[test]
fn names_like_a_passwords_earn_a_warning_unless_nothing_is_logged() {
    const OPTIONS: &[Argument] = &[
        Argument::new("password", Type::Str),
        Argument::new("pass_file", Type::Path).harmless(),
        Argument::new("old_pass", Type::Str).no_log(),
    ];
    let specification = Specification::new("login", Options::new(OPTIONS));
    let warnings = |no_log| {
        let context = Context { no_log, ..CONTEXT };
        parse(&specification, Parameters::new(), &context)
            .unwrap()
            .warnings
    };
    assert_eq!(warnings(false), ["Module did not set no_log for password"]);
    assert!(warnings(true).is_empty());
}
