//! Running a template: its statements, one after the other.
//!
//! Owns the statements and which of them open a scope, by Jinja's rules: loops, macros, `with` and captured
//! blocks do, `if` does not.

use std::collections::HashMap;
use std::rc::Rc;

use minijinja::machinery::ast::{Expr, ForLoop, Stmt};
use serde_json::{Map, Value as Json};

use super::calls::Macro;
use super::fault::{Fault, Outcome};
use super::filters;
use super::loops::Loop;
use super::output::Output;
use super::python;
use super::scope::Scope;
use super::source::Source;
use super::value::Value;

/// More iterations than this, over the whole run, are a mistake.
const MOST_ITERATIONS: usize = 1_000_000;

/// One rendering. Macros and recursive loops are values by their number here, so that values need no lifetime.
pub struct Run<'t> {
    pub source: &'t Source,
    pub macros: Vec<Macro<'t>>,
    pub recursions: Vec<(&'t ForLoop<'t>, Rc<Scope>)>,
    pub depth: usize,
    /// Whether the very sight of something undefined is a fault, as it is to Ansible inside a recursive loop.
    pub trips: bool,
    iterations: usize,
}

pub fn render<'t>(source: &'t Source, tree: &'t Stmt<'t>, context: &Map<String, Json>) -> Outcome<String> {
    let variables: HashMap<String, Value> = context
        .iter()
        .map(|(name, value)| (name.clone(), Value::from_json(value)))
        .collect();
    let mut run = Run {
        source,
        macros: Vec::new(),
        recursions: Vec::new(),
        depth: 0,
        trips: false,
        iterations: 0,
    };
    let mut output = Output::default();
    let scope = Scope::root(variables).inside();
    run.statement(tree, &scope, &mut output)?;
    match output.joined()? {
        Value::None => Ok(String::new()),
        Value::Text(text) => Ok(source.restore_trailing_newlines(text.to_string())),
        Value::Blank => {
            Err(Fault::new("the condition is false and there is no `else`").with_remedy("add `else ''`"))
        }
        // One value alone is not text to Ansible, and gets no newline back.
        other => python::printed(&other),
    }
}

impl<'t> Run<'t> {
    pub fn body(&mut self, body: &'t [Stmt<'t>], scope: &Rc<Scope>, output: &mut Output) -> Outcome<()> {
        for statement in body {
            self.statement(statement, scope, output)?;
        }
        Ok(())
    }

    /// Runs a block in a scope of its own and returns what it emits.
    fn capture(&mut self, body: &'t [Stmt<'t>], scope: &Rc<Scope>) -> Outcome<Value> {
        let mut output = Output::default();
        self.body(body, &scope.inside(), &mut output)?;
        output.joined()
    }

    fn statement(&mut self, statement: &'t Stmt<'t>, scope: &Rc<Scope>, output: &mut Output) -> Outcome<()> {
        match statement {
            Stmt::Template(template) => self.body(&template.children, scope, output),
            Stmt::EmitRaw(raw) => {
                if self.lost_newline(raw.span().start_offset as usize) {
                    output.raw(&format!("\n{}", raw.raw));
                } else {
                    output.raw(raw.raw);
                }
                Ok(())
            }
            Stmt::EmitExpr(emit) => {
                let value = self.evaluate(&emit.expr, scope)?;
                output
                    .value(value)
                    .map_err(|fault| fault.at(emit.span().start_offset as usize))
            }
            Stmt::IfCond(condition) => {
                let holds = self
                    .evaluate(&condition.expr, scope)?
                    .truth()
                    .map_err(|fault| fault.at(condition.expr.span().start_offset as usize))?;
                let body = if holds {
                    &condition.true_body
                } else {
                    &condition.false_body
                };
                self.body(body, scope, output)
            }
            Stmt::ForLoop(each) => {
                let items = self.evaluate(&each.iter, scope)?;
                let recursion = each.recursive.then(|| {
                    self.recursions.push((each, Rc::clone(scope)));
                    self.recursions.len() - 1
                });
                self.each(each, &items, scope, (1, recursion), output)
                    .map_err(|fault| fault.at(each.iter.span().start_offset as usize))
            }
            Stmt::Set(set) => {
                let value = self.evaluate(&set.expr, scope)?;
                assign(&set.target, value, scope)
            }
            Stmt::SetBlock(set) => {
                let mut value = self.capture(&set.body, scope)?;
                if let Some(filter) = &set.filter {
                    value = self.filtered(filter, value, scope)?;
                }
                assign(&set.target, value, scope)
            }
            Stmt::WithBlock(with) => {
                let inner = scope.inside();
                for (target, value) in &with.assignments {
                    let value = self.evaluate(value, scope)?;
                    assign(target, value, &inner)?;
                }
                self.body(&with.body, &inner, output)
            }
            Stmt::FilterBlock(block) => {
                let text = self.capture(&block.body, scope)?;
                let value = self.filtered(&block.filter, text, scope)?;
                output.value(value)
            }
            Stmt::Macro(declared) => {
                let made = self.declare(declared, scope);
                scope.set(declared.name, made);
                Ok(())
            }
            Stmt::CallBlock(block) => {
                let callee = self.evaluate(&block.call.expr, scope)?;
                let Value::Macro(_) = callee.clone().defined()? else {
                    return Err(
                        Fault::unsupported("`{% call %}` of something that is not a macro")
                            .at(block.call_expr_span.start_offset as usize),
                    );
                };
                let mut arguments = self.arguments(&block.call.args, scope)?;
                let body = self.declare(&block.macro_decl, scope);
                arguments.named.push(("caller".to_owned(), body));
                let value = self
                    .call(&callee, arguments)
                    .map_err(|fault| fault.at(block.call_expr_span.start_offset as usize))?;
                output.value(value)
            }
            Stmt::AutoEscape(_) | Stmt::Do(_) => Err(Fault::unsupported("this statement")),
        }
    }

    /// Applies the chain of filters of a `filter` or `set` block to what the block has emitted.
    fn filtered(&mut self, chain: &'t Expr<'t>, text: Value, scope: &Rc<Scope>) -> Outcome<Value> {
        let Expr::Filter(filter) = chain else {
            return self.evaluate(chain, scope);
        };
        let value = match &filter.expr {
            Some(inner) => self.filtered(inner, text, scope)?,
            None => text,
        };
        let arguments = self.arguments(&filter.args, scope)?;
        filters::apply(filter.name, &value, arguments)
            .map_err(|fault| fault.at(chain.span().start_offset as usize))
    }

    /// Runs a loop over `items`. `place` is its depth of recursion and its number, if it is recursive.
    pub fn each(
        &mut self,
        each: &'t ForLoop<'t>,
        items: &Value,
        scope: &Rc<Scope>,
        place: (usize, Option<usize>),
        output: &mut Output,
    ) -> Outcome<()> {
        let mut items = items.iterate()?;
        if let Some(condition) = &each.filter_expr {
            let mut kept = Vec::with_capacity(items.len());
            for item in items {
                let inner = scope.inside();
                assign(&each.target, item.clone(), &inner)?;
                if self.evaluate(condition, &inner)?.truth()? {
                    kept.push(item);
                }
            }
            items = kept;
        }
        if items.is_empty() {
            return self.body(&each.else_body, &scope.inside(), output);
        }
        let items: Rc<[Value]> = Rc::from(items);
        let this = Rc::new(Loop::new(Rc::clone(&items), place.0, place.1));
        for (index, item) in items.iter().enumerate() {
            self.iterations += 1;
            if self.iterations > MOST_ITERATIONS {
                return Err(Fault::unsupported(format!(
                    "a template of more than {MOST_ITERATIONS} iterations"
                )));
            }
            this.move_to(index);
            let inner = scope.inside();
            inner.set("loop", Value::Loop(Rc::clone(&this)));
            assign(&each.target, item.clone(), &inner)?;
            self.body(&each.body, &inner, output)?;
        }
        Ok(())
    }

    /// Returns whether a newline belongs before the text at `start`: minijinja trims the one behind `{% raw %}`,
    /// Jinja does not.
    fn lost_newline(&self, start: usize) -> bool {
        let Some(before) = self.source.text().get(..start) else {
            return false;
        };
        let tag = before
            .strip_suffix("%}\n")
            .and_then(|tag| tag.trim_end().strip_suffix("raw"))
            .map(|tag| tag.trim_end().trim_end_matches(['-', '+']));
        self.source.trims_blocks() && tag.is_some_and(|tag| tag.ends_with("{%"))
    }
}

/// Gives `value` to a name, to the names of a tuple, or to an attribute of a namespace.
fn assign(target: &Expr<'_>, value: Value, scope: &Rc<Scope>) -> Outcome<()> {
    match target {
        Expr::Var(name) => {
            scope.set(name.id, value);
            Ok(())
        }
        Expr::List(targets) => {
            let values = value.iterate()?;
            if values.len() != targets.items.len() {
                return Err(Fault::new(format!(
                    "{} values cannot be unpacked into {} names",
                    values.len(),
                    targets.items.len()
                ))
                .at(target.span().start_offset as usize));
            }
            for (target, value) in targets.items.iter().zip(values) {
                assign(target, value, scope)?;
            }
            Ok(())
        }
        Expr::GetAttr(lookup) => {
            let Expr::Var(name) = &lookup.expr else {
                return Err(Fault::unsupported("setting an attribute of an attribute"));
            };
            match scope.get(name.id) {
                Some(Value::Namespace(members)) => {
                    let mut members = members.borrow_mut();
                    match members.iter_mut().find(|(member, _)| **member == *lookup.name) {
                        Some(member) => member.1 = value,
                        None => members.push((Rc::from(lookup.name), value)),
                    }
                    Ok(())
                }
                _ => Err(Fault::new(format!("`{}` is not a namespace", name.id))
                    .with_remedy(format!(
                        "make it one with `{{% set {} = namespace() %}}`",
                        name.id
                    ))
                    .at(target.span().start_offset as usize)),
            }
        }
        other => Err(Fault::unsupported(format!("setting a {}", other.description()))),
    }
}
