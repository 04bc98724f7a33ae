//! What can be refused before a template runs: unknown filters and tests, and forms that minijinja reads and
//! Jinja does not, or reads otherwise.
//!
//! Owns these refusals. It must not evaluate: a branch that is never taken is checked like any other.

use minijinja::machinery::ast::{CallArg, Expr, Stmt, UnaryOpKind};

use super::fault::{Fault, Outcome};
use super::filters;
use super::literal;
use super::source::Source;
use super::tests_of_values;
use super::walk::{Node, walk};

pub fn check(source: &Source, tree: &Stmt<'_>) -> Outcome<()> {
    let mut first: Option<Fault> = None;
    walk(Node::Statement(tree), &mut |node| {
        if first.is_none() {
            first = match node {
                Node::Statement(statement) => statement_fault(source, statement),
                Node::Expression(expression) => expression_fault(source, expression),
            };
        }
    });
    raw_tags(source)?;
    first.map_or(Ok(()), Err)
}

fn statement_fault(source: &Source, statement: &Stmt<'_>) -> Option<Fault> {
    let (what, offset) = match statement {
        Stmt::Do(call) => ("`{% do %}`", call.span().start_offset),
        Stmt::AutoEscape(escape) => ("`{% autoescape %}`", escape.span().start_offset),
        Stmt::EmitExpr(emit) => {
            let rest = source.text().get(emit.span().end_offset as usize..)?;
            if !rest.trim_start().starts_with("+}}") {
                return None;
            }
            ("`+}}`", emit.span().end_offset)
        }
        Stmt::Macro(declared) if declared.args.iter().any(is_special_name) => (
            "a macro's argument of the name `caller`, `varargs` or `kwargs`",
            declared.span().start_offset,
        ),
        _ => return None,
    };
    Some(Fault::unsupported(what).at(offset as usize))
}

fn is_special_name(argument: &Expr<'_>) -> bool {
    matches!(argument, Expr::Var(name) if ["caller", "varargs", "kwargs"].contains(&name.id))
}

fn expression_fault(source: &Source, expression: &Expr<'_>) -> Option<Fault> {
    let offset = expression.span().start_offset as usize;
    let fault = match expression {
        Expr::Const(constant) => literal::value(source, constant.span()).err()?,
        Expr::Filter(filter) if filters::named(filter.name).is_none() => unknown("filter", filter.name),
        Expr::Test(test) if tests_of_values::named(test.name).is_none() => unknown("test", test.name),
        Expr::Test(test) => {
            // minijinja takes `x is divisibleby -3` as a test of -3, Jinja as a subtraction.
            let [CallArg::Pos(Expr::UnaryOp(operation))] = &test.args[..] else {
                return None;
            };
            let behind = source.text().get(offset + test.name.len()..)?;
            if !matches!(operation.op, UnaryOpKind::Neg) || behind.trim_start().starts_with('(') {
                return None;
            }
            Fault::unsupported(format!("a sign behind the test `{}`", test.name))
                .with_remedy("use parentheses")
        }
        _ => return None,
    };
    Some(fault.at(offset))
}

fn unknown(kind: &str, name: &str) -> Fault {
    Fault::unsupported(format!("the {kind} `{name}`"))
}

/// Refuses `{% raw +%}`, which only minijinja knows.
fn raw_tags(source: &Source) -> Outcome<()> {
    let text = source.text();
    for (offset, _) in text.match_indices("+%}") {
        let before = text[..offset].trim_end();
        let tag = before
            .strip_suffix("raw")
            .map(|rest| rest.trim_end().trim_end_matches(['-', '+']));
        if tag.is_some_and(|rest| rest.ends_with("{%")) {
            return Err(Fault::unsupported("`{% raw +%}`").at(offset));
        }
    }
    Ok(())
}
