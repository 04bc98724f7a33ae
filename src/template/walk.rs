//! A walk over a template's syntax tree.
//!
//! Owns the knowledge of which node contains which. It must not judge them.

use minijinja::machinery::ast::{CallArg, Expr, Stmt};

#[derive(Clone, Copy)]
pub enum Node<'a, 't> {
    Statement(&'a Stmt<'t>),
    Expression(&'a Expr<'t>),
}

/// Calls `visit` for each node, the outer ones first.
pub fn walk<'a, 't>(node: Node<'a, 't>, visit: &mut dyn FnMut(Node<'a, 't>)) {
    visit(node);
    match node {
        Node::Statement(statement) => walk_statement(statement, visit),
        Node::Expression(expression) => walk_expression(expression, visit),
    }
}

pub fn walk_all<'a, 't>(body: &'a [Stmt<'t>], visit: &mut dyn FnMut(Node<'a, 't>)) {
    for statement in body {
        walk(Node::Statement(statement), visit);
    }
}

fn walk_statement<'a, 't>(statement: &'a Stmt<'t>, visit: &mut dyn FnMut(Node<'a, 't>)) {
    let mut expressions: Vec<&'a Expr<'t>> = Vec::new();
    let mut bodies: Vec<&'a [Stmt<'t>]> = Vec::new();
    match statement {
        Stmt::Template(template) => bodies.push(&template.children),
        Stmt::EmitExpr(emit) => expressions.push(&emit.expr),
        Stmt::EmitRaw(_) => {}
        Stmt::ForLoop(each) => {
            expressions.extend([&each.target, &each.iter]);
            expressions.extend(&each.filter_expr);
            bodies.extend([&each.body[..], &each.else_body[..]]);
        }
        Stmt::IfCond(condition) => {
            expressions.push(&condition.expr);
            bodies.extend([&condition.true_body[..], &condition.false_body[..]]);
        }
        Stmt::WithBlock(with) => {
            for (target, value) in &with.assignments {
                expressions.extend([target, value]);
            }
            bodies.push(&with.body);
        }
        Stmt::Set(set) => expressions.extend([&set.target, &set.expr]),
        Stmt::SetBlock(set) => {
            expressions.push(&set.target);
            expressions.extend(&set.filter);
            bodies.push(&set.body);
        }
        Stmt::AutoEscape(escape) => {
            expressions.push(&escape.enabled);
            bodies.push(&escape.body);
        }
        Stmt::FilterBlock(block) => {
            expressions.push(&block.filter);
            bodies.push(&block.body);
        }
        Stmt::Macro(declared) => {
            expressions.extend(declared.args.iter().chain(&declared.defaults));
            bodies.push(&declared.body);
        }
        Stmt::CallBlock(block) => {
            expressions.push(&block.call.expr);
            expressions.extend(block.call.args.iter().map(argument));
            let declared = &block.macro_decl;
            expressions.extend(declared.args.iter().chain(&declared.defaults));
            bodies.push(&declared.body);
        }
        Stmt::Do(call) => {
            expressions.push(&call.call.expr);
            expressions.extend(call.call.args.iter().map(argument));
        }
    }
    for expression in expressions {
        walk(Node::Expression(expression), visit);
    }
    for body in bodies {
        walk_all(body, visit);
    }
}

fn walk_expression<'a, 't>(expression: &'a Expr<'t>, visit: &mut dyn FnMut(Node<'a, 't>)) {
    let mut inner: Vec<&'a Expr<'t>> = Vec::new();
    match expression {
        Expr::Var(_) | Expr::Const(_) => {}
        Expr::Slice(slice) => {
            inner.push(&slice.expr);
            inner.extend([&slice.start, &slice.stop, &slice.step].into_iter().flatten());
        }
        Expr::UnaryOp(operation) => inner.push(&operation.expr),
        Expr::BinOp(operation) => inner.extend([&operation.left, &operation.right]),
        Expr::Compare(chain) => {
            inner.push(&chain.expr);
            inner.extend(chain.ops.iter().map(|operation| &operation.expr));
        }
        Expr::IfExpr(choice) => {
            inner.extend([&choice.test_expr, &choice.true_expr]);
            inner.extend(&choice.false_expr);
        }
        Expr::Filter(filter) => {
            inner.extend(&filter.expr);
            inner.extend(filter.args.iter().map(argument));
        }
        Expr::Test(test) => {
            inner.push(&test.expr);
            inner.extend(test.args.iter().map(argument));
        }
        Expr::GetAttr(lookup) => inner.push(&lookup.expr),
        Expr::GetItem(lookup) => inner.extend([&lookup.expr, &lookup.subscript_expr]),
        Expr::Call(call) => {
            inner.push(&call.expr);
            inner.extend(call.args.iter().map(argument));
        }
        Expr::List(list) => inner.extend(&list.items),
        Expr::Tuple(tuple) => inner.extend(&tuple.items),
        Expr::Map(map) => inner.extend(map.keys.iter().chain(&map.values)),
    }
    for expression in inner {
        walk(Node::Expression(expression), visit);
    }
}

fn argument<'a, 't>(argument: &'a CallArg<'t>) -> &'a Expr<'t> {
    match argument {
        CallArg::Pos(value)
        | CallArg::Kwarg(_, value)
        | CallArg::PosSplat(value)
        | CallArg::KwargSplat(value) => value,
    }
}
